/** What happens in a run, as data: drawn from a seed, and made smaller where that still fails. */

import type { ProfileName } from "../../src/simulator/mod.ts";
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
  /** Progress at which it is cancelled. */
  readonly cancelAtPercent?: number;
  /** Names a model that nobody has. */
  readonly isWrong?: true;
  /** Time after submission when its client gives the handle up, and comes back. */
  readonly givesUpAfterMs?: number;
  /** Its client has two handles of it. */
  readonly isFollowedTwice?: true;
  /** Its client fetches the images. */
  readonly isFetched?: true;
}

/** What clients ask besides. */
export const QUESTIONS = [
  "ping",
  "status",
  "job",
  "jobs",
  "models",
  "servers",
  "workflows",
] as const;

/** A question. */
export interface CallPlan {
  readonly client: number;
  readonly atMs: number;
  readonly what: typeof QUESTIONS[number];
  /** The job it is about, if it is about one. */
  readonly job: string;
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
  "updates late",
  "client dies",
  "client leaves",
  "disk full",
  "disk slow",
  "database full",
  "database held",
  "clock jumps",
  "power cut",
  "server lies",
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
  /** Version of each server. @default the newest recorded */
  readonly profiles?: readonly ProfileName[];
  /** True if servers send previews, whose making costs most of a run's time. @default {true} */
  readonly hasPreviews?: boolean;
  /** True if isolates tell progress by memory that they share with the worker. @default {false} */
  readonly hasSharedMemory?: boolean;
  /** True if the worker keeps copies in a store. @default {false} */
  readonly hasStore?: boolean;
  readonly clients: number;
  readonly jobs: readonly JobPlan[];
  /** @default none */
  readonly calls?: readonly CallPlan[];
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
  /** @default {3} */
  mostServers?: number;
  /** Only these kinds. @default all */
  kinds?: readonly FaultKind[];
  /** @default {600_000} */
  idleMs?: number;
}

/** Versions that keep the prompt ids they are given. */
const PROFILES = ["0.3.64", "0.10", "0.33", "0.33", "0.38"] as const;

/** Misfortunes that bring out the worst in each other. */
const THEMES: readonly (readonly [FaultKind, ...FaultKind[]])[] = [
  ["link down", "link lossy", "updates late", "client dies", "client leaves"],
  ["database full", "database held", "disk full", "disk slow", "worker dies at a statement"],
  ["server dies", "server unreachable", "sockets cut", "executor dead", "web lossy", "server lies"],
  ["worker dies", "worker dies at a statement", "worker restarts", "isolate crashes"],
  ["worker dies", "worker restarts", "link down", "link lossy", "updates late"],
  ["power cut", "worker dies at a statement", "disk slow", "disk full"],
];

/**
 * Draws a run. Each has kinds of misfortune, numbers and rates of its own: with all of them together
 * much is excused, and one hides another.
 */
export function drawPlan(seed: number, limits: PlanLimits = {}): Plan {
  const { mostJobs = 24, mostFaults = 12, mostServers = 3, idleMs = 600_000 } = limits;
  const random = new Random(seed ^ 0x5eed);
  const some = limits.kinds ?? random.pick([FAULTS, FAULTS, ...THEMES]);
  const kinds = Array.from({ length: random.whole(1, 5) }, () => {
    return some[random.whole(0, some.length - 1)]!;
  });
  const clients = random.whole(1, 3);
  const spanMs = random.pick([100, 5_000, 60_000, 600_000]);
  const mostSteps = random.pick([2, 12, 12, 40]);
  const [cancels, deadlines] = [random.pick([0, 0.2, 0.7]), random.pick([0, 0.1, 0.5])];
  const leaves = random.pick([0, 0.2]);
  const jobs = Array.from({ length: random.whole(1, mostJobs) }, (_, index): JobPlan => ({
    id: `job-${index}`,
    client: random.whole(0, clients - 1),
    atMs: Math.floor(random.between(0, spanMs)),
    steps: random.whole(1, mostSteps),
    seed: 1_000_000 + index,
    ...(random.chance(0.2) ? { priority: random.whole(-3, 3) } : {}),
    ...(random.chance(deadlines) ? { deadlineS: random.whole(1, 120) } : {}),
    ...(random.chance(cancels) ? { cancelAfterMs: Math.floor(random.between(0, 8_000)) } : {}),
    ...(random.chance(cancels) ? { cancelAtPercent: random.pick([1, 50, 90, 99, 100]) } : {}),
    ...(random.chance(0.03) ? { isWrong: true as const } : {}),
    ...(random.chance(leaves) ? { givesUpAfterMs: Math.floor(random.between(0, 8_000)) } : {}),
    ...(random.chance(leaves) ? { isFollowedTwice: true as const } : {}),
    ...(random.chance(leaves) ? { isFetched: true as const } : {}),
  }));
  const calls = Array.from({ length: random.pick([0, 0, 10]) }, (): CallPlan => ({
    client: random.whole(0, clients - 1),
    atMs: Math.floor(random.between(0, spanMs)),
    what: random.pick(QUESTIONS),
    job: `job-${random.whole(0, jobs.length - 1)}`,
  }));
  // Jobs that came all at once are under way for a while.
  const faultsMs = Math.max(spanMs * 1.2, jobs.length * 1_000);
  const faults = Array.from({ length: random.whole(0, mostFaults) }, (): FaultPlan => ({
    kind: kinds[random.whole(0, kinds.length - 1)]!,
    atMs: Math.floor(random.between(0, faultsMs)),
    forMs: Math.floor(random.pick([50, 1_000, 10_000, 60_000]) * random.between(0.5, 1.5)),
    which: random.whole(0, 1_000),
  }));
  const servers = random.whole(1, mostServers);
  const profiles = Array.from({ length: servers }, () => random.pick(PROFILES));
  const hasPreviews = random.chance(0.02);
  const hasSharedMemory = true;
  // Of its own, so that it changes nothing else of a seed.
  const hasStore = new Random(seed ^ 0x570e).chance(0.3);
  return {
    seed,
    servers,
    profiles,
    hasPreviews,
    hasSharedMemory,
    hasStore,
    clients,
    jobs,
    calls,
    faults,
    idleMs,
  };
}
