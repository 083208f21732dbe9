/**
 * Changes that wait because another program holds the database. They are tried again between other work,
 * in the order in which they came, so that a wait holds up nobody who asks for something else.
 */

import { JobError } from "../../errors.ts";

/** How long a change waits before whoever wants it is told, in milliseconds: less than clients wait for answers. */
const PATIENCE_MS = 2_000;
/** Time between two tries, in milliseconds. */
const TRY_MS = { first: 5, most: 50 };

/** A change that may have to wait. */
interface Change {
  /** Does it, unless the database is held: then it throws what SQLite says. */
  readonly run: () => unknown;
  readonly settle: PromiseWithResolvers<unknown>;
  readonly givenUpAtMs: number;
}

/** The line of one database. */
export class ChangeLine {
  readonly #changes: Change[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #patienceMs: number;
  #pauseMs = TRY_MS.first;

  /** Begins with nothing that waits. */
  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Does something at once, or as soon as the database is free.
   *
   * @param inOrder False for what need not wait for those in the line.
   * @throws {JobError} `unavailable` if that takes too long.
   */
  enter<T>(run: () => T, inOrder: boolean): Promise<T> {
    const settle = Promise.withResolvers<unknown>();
    const mayTry = !inOrder || this.#changes.length === 0;
    if (!mayTry || !attempt({ run, settle })) {
      this.#changes.push({ run, settle, givenUpAtMs: performance.now() + this.#patienceMs });
      this.#timer ??= setTimeout(() => this.#tryAgain(), this.#pauseMs);
    }
    return settle.promise as Promise<T>;
  }

  /** Tries all once more and gives up the rest. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const change of this.#changes.splice(0)) {
      if (!attempt(change)) change.settle.reject(busy());
    }
  }

  #tryAgain(): void {
    this.#timer = undefined;
    while (this.#changes[0] !== undefined && attempt(this.#changes[0])) {
      this.#changes.shift();
      this.#pauseMs = TRY_MS.first;
    }
    while (this.#changes[0] !== undefined && this.#changes[0].givenUpAtMs <= performance.now()) {
      this.#changes.shift()?.settle.reject(busy());
    }
    if (this.#changes.length === 0) return;
    this.#pauseMs = Math.min(this.#pauseMs * 2, TRY_MS.most);
    this.#timer = setTimeout(() => this.#tryAgain(), this.#pauseMs);
  }
}

/** Returns false if the database is held. */
function attempt({ run, settle }: Omit<Change, "givenUpAtMs">): boolean {
  try {
    settle.resolve(run());
  } catch (error) {
    if (isHeld(error)) return false;
    settle.reject(error);
  }
  return true;
}

/** True for an error of SQLite's by which another connection holds what was wanted. */
export function isHeld(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR" &&
    /\b(?:locked|busy)\b/.test(error.message);
}

function busy(): JobError {
  return new JobError(
    "unavailable",
    "Backend busy: another program holds the queue's database; try again when it is done",
    { isPassing: true },
  );
}
