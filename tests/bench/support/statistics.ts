/** Percentiles, and rounds that alternate so that a noisy neighbour disturbs everybody alike. */

/** The value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** One party's measurement in each round. */
export type Rounds<Party extends string, T> = Record<Party, T[]>;

/** Lets the parties measure in turns; who begins changes with each round. */
export async function alternate<Party extends string, T>(
  rounds: number,
  parties: Record<Party, () => Promise<T>>,
): Promise<Rounds<Party, T>> {
  const names = Object.keys(parties) as Party[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Rounds<Party, T>;
  for (let round = 0; round < rounds; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      results[name].push(await parties[name]());
    }
  }
  return results;
}

/** The median of the ratios round by round: neighbours in time have the same noise. */
export function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, round) => value / (theirs[round] ?? NaN)));
}
