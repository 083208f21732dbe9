/** What happens in a run, as data: drawn from a seed, and made smaller where that still fails. */

import { Random } from "./world/random.ts";

/** A job that a client wants. */
export interface JobPlan {
  readonly id: string;
  readonly client: number;
  readonly atMs: number;
  readonly steps: number;
  /** Unlike all others', so that its prompts are known. */
  readonly seed: number;
  readonly priority?: number;
  readonly deadlineS?: number;
  /** Time after submission when it is cancelled. */
  readonly cancelAfterMs?: number;
  /** Names a model that nobody has. */
  readonly isWrong?: true;
}

/** Kinds of misfortune. */
export const FAULTS = [
  "worker dies",
  "worker dies at a statement",
  "worker restarts",
  "worker freezes",
  "isolate crashes",
  "isolate freezes",
  "server dies",
  "server unreachable",
  "sockets cut",
  "out of memory",
  "executor dead",
  "web lossy",
  "link down",
  "link lossy",
  "client dies",
  "disk full",
  "disk slow",
  "database full",
  "database held",
  "clock jumps",
] as const;

/** One kind. */
export type FaultKind = typeof FAULTS[number];

/** A misfortune. */
export interface FaultPlan {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly forMs: number;
  /** Which server, client or isolate, and how much, as a number that each kind reads its way. */
  readonly which: number;
}

/** A run. */
export interface Plan {
  readonly seed: number;
  readonly servers: number;
  readonly clients: number;
  readonly jobs: readonly JobPlan[];
  readonly faults: readonly FaultPlan[];
  /** True if the servers stay down, which breaks the promise that nothing waits for ever. */
  readonly neverUp?: true;
  /** Longest time to rest once misfortune has ended, in milliseconds. @default two hours */
  readonly patienceMs?: number;
  /** Quiet time after all is done, in which nothing may happen. */
  readonly idleMs: number;
}

/** How large plans are. */
export interface PlanLimits {
  /** @default {24} */
  mostJobs?: number;
  /** @default {12} */
  mostFaults?: number;
  /** Only these kinds. @default all */
  kinds?: readonly FaultKind[];
  /** @default {600_000} */
  idleMs?: number;
}

/** Draws a run. */
export function drawPlan(seed: number, limits: PlanLimits = {}): Plan {
  const { mostJobs = 24, mostFaults = 12, idleMs = 600_000 } = limits;
  const random = new Random(seed ^ 0x5eed);
  // Few kinds at a time: with all of them together much is excused, and one hides another.
  const some = limits.kinds ?? FAULTS;
  const kinds = Array.from({ length: random.whole(1, 5) }, () => {
    return some[random.whole(0, some.length - 1)]!;
  });
  const clients = random.whole(1, 3);
  const spanMs = random.pick([5_000, 60_000, 600_000]);
  const jobs = Array.from({ length: random.whole(1, mostJobs) }, (_, index): JobPlan => ({
    id: `job-${index}`,
    client: random.whole(0, clients - 1),
    atMs: Math.floor(random.between(0, spanMs)),
    steps: random.whole(1, 12),
    seed: 1_000_000 + index,
    ...(random.chance(0.2) ? { priority: random.whole(-3, 3) } : {}),
    ...(random.chance(0.1) ? { deadlineS: random.whole(1, 120) } : {}),
    ...(random.chance(0.2) ? { cancelAfterMs: Math.floor(random.between(0, 8_000)) } : {}),
    ...(random.chance(0.03) ? { isWrong: true as const } : {}),
  }));
  const faults = Array.from({ length: random.whole(0, mostFaults) }, (): FaultPlan => ({
    kind: kinds[random.whole(0, kinds.length - 1)]!,
    atMs: Math.floor(random.between(0, spanMs * 1.2)),
    forMs: Math.floor(random.pick([50, 1_000, 10_000, 60_000]) * random.between(0.5, 1.5)),
    which: random.whole(0, 1_000),
  }));
  return { seed, servers: random.whole(1, 3), clients, jobs, faults, idleMs };
}
