/** How long a disturbed job may take. Pure. */

/** How long a job took. */
export interface JobTimes {
  /** From its submission to its end, in milliseconds. */
  readonly tookMs: number;
  /** Time that the server itself worked on it in milliseconds, if it tells. */
  readonly ownMs: number | undefined;
}

/** What a limit depends on. */
export interface LimitOptions {
  /** Time allowed beyond the server's own on an idle machine, in ms; undefined for no limit. */
  allowanceMs: number | undefined;
  /** Time that the server itself worked on the disturbed job in milliseconds, if it tells. */
  ownMs: number | undefined;
  /** The same job just before, when nothing disturbed it. */
  undisturbed: JobTimes;
  /** What it takes on an idle machine, in ms. @default what the server says of the undisturbed one */
  idleMs?: number | undefined;
}

/**
 * The most milliseconds that a job may take: the server's own time, twice what the worker needed besides
 * when nothing disturbed it (on a busy machine no two runs are alike), and the allowance, which grows as
 * everything does there. Infinity where only the ending counts or the server tells no times.
 */
export function limitOf(options: LimitOptions): number {
  const { allowanceMs, ownMs, undisturbed } = options;
  const idleMs = options.idleMs ?? undisturbed.ownMs;
  if (allowanceMs === undefined || ownMs === undefined || idleMs === undefined) return Infinity;
  const slowness = Math.max(1, undisturbed.tookMs / idleMs, ownMs / idleMs);
  const besidesMs = Math.max(0, undisturbed.tookMs - (undisturbed.ownMs ?? idleMs));
  return ownMs + 2 * besidesMs + allowanceMs * slowness;
}
