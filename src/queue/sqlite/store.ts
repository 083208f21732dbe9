/** SQLite as the queue uses it: transactions, statements prepared once, errors in our words. */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { JobError } from "../../errors.ts";
import { startSpan } from "../../trace.ts";
import { ChangeLine, isHeld } from "./change_line.ts";
import { type FileWatch, UNWATCHED } from "./file_watch.ts";
import { repairNumbers } from "./numbers.ts";
import { readRow, type StoredRow } from "./stored_row.ts";
import type { JobRow } from "../row.ts";

/** A change that waits for others to be stored with. */
interface Pending {
  readonly action: string;
  /** Whether somebody is told that it is safe, who then forgets it. */
  readonly isPromise?: boolean | undefined;
  readonly operation: () => unknown;
  readonly settle: PromiseWithResolvers<unknown>;
}

/**
 * Values of a statement, by their names or in their order: to look each one up by its name costs up to three times as
 * much as the row.
 */
export type Values = Readonly<Record<string, SQLInputValue>> | readonly SQLInputValue[];

/** Changes stored at once, so that nobody waits long for the others. */
const MOST_TOGETHER = 256;

/** How long a change that nobody waits for waits for another one to be stored with, in milliseconds. */
const SOON_MS = 250;

/**
 * An open database. While another program holds it, changes wait in the order in which they came; one that
 * waits for 2 s fails as `unavailable`.
 */
export class SqliteStore {
  #pending: Pending[] = [];
  #soon: Pending[] = [];
  /** Runs on when others have taken all along, for it is wanted again in a moment. */
  #soonTimer: ReturnType<typeof setTimeout> | undefined;
  /** False while nothing that waits was there when the timer began. */
  #isSoonDue = false;
  readonly #db: DatabaseSync;
  readonly #file: FileWatch;
  readonly #line = new ChangeLine();
  readonly #statements = new Map<string, StatementSync>();
  #open = true;
  #rollbacks = 0;

  /** Takes over a database, which is then closed with the store. */
  constructor(db: DatabaseSync, file: FileWatch = UNWATCHED) {
    this.#db = db;
    this.#file = file;
  }

  /** How many changes were undone so far, because they failed. */
  get rollbacks(): number {
    return this.#rollbacks;
  }

  /** Closes the database. May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#storePending();
    this.#storeSoon();
    this.#line.close();
    this.#open = false;
    this.#statements.clear();
    this.#db.close();
    this.#file[Symbol.dispose]();
  }

  /** Runs a change as one transaction. The closure is synchronous so that nothing can slip into it. */
  write<T>(action: string, operation: () => T): Promise<T> {
    this.#storePending();
    return this.#enter(action, () => {
      using _span = startSpan(action);
      return this.#transact(operation);
    });
  }

  /**
   * Runs a change that survives the death of the process at once, but that of the machine only from the
   * next `write()` on, which syncs what came before, too.
   */
  writeLazily<T>(action: string, operation: () => T): Promise<T> {
    this.#storePending();
    return this.#enter(action, () => {
      using _span = startSpan(action);
      this.#db.exec("PRAGMA synchronous = NORMAL");
      try {
        return this.#transact(operation);
      } finally {
        this.#db.exec("PRAGMA synchronous = FULL");
      }
    });
  }

  /**
   * The same for what nobody waits for: it is stored with the next change, or in a moment. One that fails
   * fails alone. The closure may run twice.
   */
  writeSoon<T>(action: string, operation: () => T): Promise<T> {
    if (!this.#open) return this.#enter(action, operation);
    const settle = Promise.withResolvers<unknown>();
    this.#soon.push({ action, operation, settle });
    if (this.#soonTimer === undefined) {
      this.#isSoonDue = true;
      this.#waitSoon();
    }
    return settle.promise as Promise<T>;
  }

  /**
   * Runs a change in one transaction with those that wait: the sync to disk, which costs more than all
   * else, is shared. With `more` it waits itself, for what comes in this turn of the event loop, or in this
   * and the next. One that fails fails alone. The closure may run twice. What is a promise is not stored in
   * a file that is gone.
   */
  writeTogether<T>(
    action: string,
    operation: () => T,
    { more, turns = 1, isPromise }: { more: boolean; turns?: 1 | 2; isPromise?: boolean },
  ): Promise<T> {
    if (!this.#open) return this.#enter(action, operation);
    const settle = Promise.withResolvers<unknown>();
    this.#pending.push({ action, operation, settle, isPromise });
    if (!more || this.#pending.length >= MOST_TOGETHER) this.#storePending();
    else this.#storeIn(turns);
    return settle.promise as Promise<T>;
  }

  /**
   * Runs a change only if a look at the data finds a reason for it: a transaction locks the file, which
   * is too much for what is asked all the time and nearly always in vain. Those that wait for others go on waiting then.
   */
  writeIf<T>(
    action: string,
    { finds, values, otherwise }: {
      finds: string;
      values: Record<string, SQLInputValue>;
      otherwise: T;
    },
    operation: () => T,
  ): Promise<T> {
    return this.#enter(action, () => {
      if (this.#get(finds, values) === undefined) return otherwise;
      this.#storePending();
      return this.#transact(operation);
    });
  }

  #storeIn(turns: number): void {
    setImmediate(() => turns > 1 ? this.#storeIn(turns - 1) : this.#storePending());
  }

  #storePending(): void {
    const group = this.#pending;
    if (group.length === 0) return;
    this.#pending = [];
    const { action } = group[0]!;
    void this.#enter(action, () => {
      using _span = startSpan(action);
      try {
        if (group.some(({ isPromise }) => isPromise)) this.#file.glance();
        const results = this.#transact(() => group.map(({ operation }) => operation()));
        group.forEach(({ settle }, index) => settle.resolve(results[index]));
      } catch (error) {
        if (isHeld(error)) throw error;
        // Whose fault it was shows when each is alone.
        this.#storeAlone(group);
      }
    }).catch((error) => {
      for (const { settle } of group) settle.reject(error);
    });
  }

  #storeAlone(group: readonly Pending[]): void {
    for (const { action, operation, settle } of group) {
      settle.resolve(this.write(action, operation));
    }
  }

  #waitSoon(): void {
    this.#soonTimer = setTimeout(() => {
      this.#soonTimer = undefined;
      if (this.#soon.length === 0) return;
      if (this.#isSoonDue) return this.#storeSoon();
      this.#isSoonDue = true;
      this.#waitSoon();
    }, SOON_MS);
  }

  #storeSoon(): void {
    clearTimeout(this.#soonTimer);
    this.#soonTimer = undefined;
    if (this.#soon.length === 0) return;
    this.writeLazily("note what may wait", () => {}).catch((error) => {
      for (const { settle } of this.#soon.splice(0)) settle.reject(error);
    });
  }

  /** Takes along what may wait. */
  #transact<T>(operation: () => T): T {
    const soon = this.#soon;
    if (soon.length === 0) return this.#transactAlone(operation);
    this.#soon = [];
    this.#isSoonDue = false;
    try {
      const { result, others } = this.#transactAlone(() => {
        const others = soon.map((change) => change.operation());
        return { others, result: operation() };
      });
      soon.forEach(({ settle }, index) => settle.resolve(others[index]));
      return result;
    } catch (error) {
      if (isHeld(error)) {
        this.#soon = [...soon, ...this.#soon];
        this.#isSoonDue = true;
        throw error;
      }
      for (const { action, operation, settle } of soon) {
        settle.resolve(this.#enter(action, () => this.#transactAlone(operation)));
      }
      return this.#transactAlone(operation);
    }
  }

  #transactAlone<T>(operation: () => T): T {
    this.#file.check();
    try {
      return this.#attempt(operation);
    } catch (error) {
      if (isHeld(error) || !this.#repair()) throw error;
      return this.#attempt(operation);
    }
  }

  /** What stops a repair is not what its caller came for. */
  #repair(): boolean {
    try {
      return repairNumbers(this.#db);
    } catch {
      return false;
    }
  }

  #attempt<T>(operation: () => T): T {
    this.#statement("BEGIN IMMEDIATE").run();
    try {
      const result = operation();
      this.#statement("COMMIT").run();
      return result;
    } catch (error) {
      this.#rollbacks += 1;
      // A full disk may have ended the transaction already.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Runs a look at the data. */
  read<T>(operation: () => T): Promise<T> {
    return this.#enter("read the queue", operation, { inOrder: false });
  }

  #enter<T>(action: string, operation: () => T, { inOrder = true } = {}): Promise<T> {
    return this.#line.enter(() => {
      if (!this.#open) throw new JobError("unavailable", `Cannot ${action}: the queue is closed`);
      try {
        return operation();
      } catch (error) {
        if (isHeld(error) || error instanceof JobError || !isSqliteError(error)) throw error;
        throw new JobError("unavailable", `Cannot ${action}: ${error.message}`, { cause: error });
      }
    }, inOrder);
  }

  /** The one row that a statement must give. */
  row(text: string, values: Values): JobRow {
    const row = this.optionalRow(text, values);
    if (row === undefined) throw new Error("A job vanished within a transaction");
    return row;
  }

  /** The row that a statement may give. */
  optionalRow(text: string, values: Values): JobRow | undefined {
    const stored = this.#get(text, values);
    return stored === undefined ? undefined : readRow(stored);
  }

  /** The rows of a statement. */
  rows(text: string, values: Values): JobRow[] {
    return this.storedRows(text, values).map(readRow);
  }

  /** The rows of a statement as they are, which may be rows of any table. */
  storedRows(text: string, values: Values): StoredRow[] {
    return this.#read(
      text,
      (statement) => isList(values) ? statement.all(...values) : statement.all(values),
    );
  }

  /** Runs a statement; returns the number of rows that it changed. */
  run(text: string, values: Values): number {
    const statement = this.#statement(text);
    const { changes } = isList(values) ? statement.run(...values) : statement.run(values);
    return Number(changes);
  }

  /** Runs a statement that may add a row; returns its number if it did. */
  insert(text: string, ...values: readonly SQLInputValue[]): number | undefined {
    const { changes, lastInsertRowid } = this.#statement(text).run(...values);
    return Number(changes) === 0 ? undefined : Number(lastInsertRowid);
  }

  /** The single number that a statement always gives. */
  count(text: string, values: Record<string, SQLInputValue> = {}): number {
    return this.number(text, values)!;
  }

  /** The single number that a statement gives, or undefined for NULL. */
  number(text: string, values: Record<string, SQLInputValue> = {}): number | undefined {
    const [value] = Object.values(this.#get(text, values)!);
    if (value === null) return undefined;
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number(value), Number.MAX_SAFE_INTEGER));
  }

  #get(text: string, values: Values): StoredRow | undefined {
    return this.#read(
      text,
      (statement) => isList(values) ? statement.get(...values) : statement.get(values),
    );
  }

  #read<T>(text: string, read: (statement: StatementSync) => T): T {
    const statement = this.#statement(text);
    try {
      return read(statement);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      statement.setReadBigInts(true);
      return read(statement);
    }
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      // Otherwise one number that is too large makes all rows unreadable. A look is tried without first, for that
      // is cheaper; what changes something must not be run twice.
      statement.setReadBigInts(!LOOK.test(text));
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

/** Statements that change nothing. */
const LOOK = /^\s*(?:SELECT|WITH|PRAGMA)\b/;

function isList(values: Values): values is readonly SQLInputValue[] {
  return Array.isArray(values);
}

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
