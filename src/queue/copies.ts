/** Copies of the files of runs that are where all workers have them: whoever dies before a job has ended leaves them to others. */

import type { Lease } from "./job.ts";
import { type EndingRow, outcomeOf } from "./row.ts";

/** What was stored of a run by which its job can no longer complete. */
export interface LeftCopies {
  /** The run's prompt. */
  readonly promptId: string;
  /** Names of its files. */
  readonly files: readonly string[];
  /** True if its job has completed by it: they are to stay. */
  readonly areWanted: boolean;
}

/** Knows what may have been stored. */
export interface CopyNotes {
  /**
   * Notes what is about to be stored of a run. It is known until it is forgotten, or its job is.
   *
   * @returns false if the lease was lost.
   */
  note(lease: Lease, files: readonly string[]): Promise<boolean>;
  /**
   * Notes what may have been stored of a run after its lease was lost: others may have forgotten meanwhile what was
   * noted before.
   *
   * @returns false if its job is not known any more.
   */
  noteLate(lease: Lease, files: readonly string[]): Promise<boolean>;
  /**
   * What was noted of runs by which their jobs can no longer complete, or have completed; the oldest first. A job that waits
   * without a prompt may be given its last one back.
   */
  left(limit: number): Promise<readonly LeftCopies[]>;
  /** Forgets what was noted of some prompts. */
  forget(promptIds: readonly string[]): Promise<void>;
}

/** A note, and how its job stands. */
export interface CopiesRow extends Pick<EndingRow, "state" | "outcome"> {
  /** The prompt that was noted. */
  readonly noted: string;
  /** JSON of the names. */
  readonly files: string;
}

/** Reads a note. */
export function leftCopiesOf(row: CopiesRow): LeftCopies {
  const outcome = outcomeOf(row);
  const storedAt = outcome?.type === "completed" ? outcome.result.storedAt : undefined;
  // Where it cannot be read how a job completed, nothing of it is taken away.
  const areWanted = row.state === "completed" &&
    (storedAt === undefined || storedAt.endsWith(`/${row.noted}`));
  return { promptId: row.noted, files: namesOf(row.files), areWanted };
}

function namesOf(json: string): string[] {
  try {
    const names: unknown = JSON.parse(json);
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
