/** SQLite as the queue uses it: transactions, statements prepared once, errors in our words. */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { JobError } from "../errors.ts";
import type { JobRow } from "./row.ts";

/** An open database. */
export class SqliteStore {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #open = true;

  /** Takes over a database, which is then closed with the store. */
  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Closes the database. May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#db.close();
  }

  /** Runs a change as one transaction. The closure is synchronous so that nothing can slip into it. */
  write<T>(action: string, operation: () => T): Promise<T> {
    return this.#guard(action, () => {
      this.#db.exec("BEGIN IMMEDIATE");
      try {
        const result = operation();
        this.#db.exec("COMMIT");
        return result;
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /** Runs a look at the data. */
  read<T>(operation: () => T): Promise<T> {
    return this.#guard("read the queue", operation);
  }

  #guard<T>(action: string, operation: () => T): Promise<T> {
    return Promise.try(() => {
      if (!this.#open) throw new JobError("unavailable", `Cannot ${action}: the queue is closed`);
      try {
        return operation();
      } catch (error) {
        if (error instanceof JobError || !isSqliteError(error)) throw error;
        throw new JobError("unavailable", `Cannot ${action}: ${error.message}`, { cause: error });
      }
    });
  }

  /** The one row that a statement must give. */
  row(text: string, values: Record<string, SQLInputValue>): JobRow {
    const row = this.optionalRow(text, values);
    if (row === undefined) throw new Error("A job vanished within a transaction");
    return row;
  }

  /** The row that a statement may give. */
  optionalRow(text: string, values: Record<string, SQLInputValue>): JobRow | undefined {
    return this.#statement(text).get(values) as JobRow | undefined;
  }

  /** The rows of a statement. */
  rows(text: string, values: Record<string, SQLInputValue>): JobRow[] {
    return this.#statement(text).all(values) as unknown as JobRow[];
  }

  /** Runs a statement; returns the number of rows that it changed. */
  run(text: string, values: Record<string, SQLInputValue>): number {
    return Number(this.#statement(text).run(values).changes);
  }

  /** The single number that a statement gives, or undefined for NULL. */
  number(text: string, values: Record<string, SQLInputValue> = {}): number | undefined {
    const [value] = Object.values(this.#statement(text).get(values) ?? {});
    return value === null || value === undefined ? undefined : Number(value);
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
