/** Plans that once broke a promise, by name, made small. Each is run again and again. */

import type { Plan } from "./plan.ts";

/** A plan, and what was wrong. */
export interface CorpusEntry {
  readonly name: string;
  readonly plan: Plan;
}

/** The corpus. */
export const CORPUS: readonly CorpusEntry[] = [
  {
    // The job took -82 s; the client refused the answer, took the worker for an old one and gave up.
    name: "The clock is set back while a job runs",
    plan: {
      seed: 1081,
      servers: 1,
      clients: 1,
      jobs: [
        { id: "job-7", client: 0, atMs: 707, steps: 7, seed: 1000007 },
        { id: "job-8", client: 0, atMs: 1694, steps: 5, seed: 1000008 },
        { id: "job-9", client: 0, atMs: 9, steps: 3, seed: 1000009, cancelAfterMs: 2580 },
      ],
      faults: [
        { kind: "link lossy", atMs: 459, forMs: 75524, which: 185 },
        { kind: "clock jumps", atMs: 217, forMs: 838, which: 223 },
      ],
      idleMs: 0,
    },
  },
  {
    name: "The clock is set back before a running job is cancelled",
    plan: {
      seed: 1068,
      servers: 1,
      clients: 3,
      jobs: [{
        id: "job-10",
        client: 0,
        atMs: 172,
        steps: 9,
        seed: 1000010,
        priority: -1,
        cancelAfterMs: 5636,
      }],
      faults: [
        { kind: "clock jumps", atMs: 2328, forMs: 70, which: 284 },
        { kind: "executor dead", atMs: 882, forMs: 6396, which: 687 },
      ],
      idleMs: 0,
    },
  },
  {
    // Planted: a queue that settles a job without a look at the cancel that was promised meanwhile.
    name: "A job is cancelled and ends while the database is held",
    plan: {
      seed: 39,
      servers: 1,
      profiles: ["0.38"],
      hasPreviews: false,
      clients: 3,
      jobs: [{
        id: "job-0",
        client: 1,
        atMs: 2,
        steps: 2,
        seed: 1_000_000,
        cancelAfterMs: 3_795,
        cancelAtPercent: 50,
      }],
      faults: [
        { kind: "database held", atMs: 430, forMs: 88_525, which: 951 },
        { kind: "database held", atMs: 2_068, forMs: 67, which: 65 },
      ],
      idleMs: 0,
    },
  },
  {
    // The simulation itself was wrong: what died went on to its next wait, and left an isolate.
    name: "The worker dies at a statement of its start",
    plan: {
      seed: 500_205,
      servers: 1,
      profiles: ["0.33"],
      hasPreviews: false,
      clients: 3,
      jobs: [],
      faults: [
        { kind: "worker restarts", atMs: 10_114, forMs: 1_449, which: 422 },
        { kind: "worker dies at a statement", atMs: 11_079, forMs: 49_712, which: 485 },
      ],
      idleMs: 0,
    },
  },
  {
    // Planted: an image, its name, or the end of its job that is told before it is synced.
    name: "The power is cut after each of six jobs has ended",
    plan: {
      seed: 2,
      servers: 1,
      profiles: ["0.33"],
      hasPreviews: false,
      clients: 1,
      jobs: [0, 1, 2, 3, 4, 5].map((index) => ({
        ...{ id: `job-${index}`, client: 0, steps: 1, isFetched: true as const },
        ...{ atMs: 10 + index * 20_000, seed: 1_000_000 + index },
      })),
      faults: [1, 2, 3, 4, 5, 6].map((count) => ({
        ...{ kind: "power cut", atMs: count * 20_000 - 5_000, forMs: 100, which: 0 },
      })),
      idleMs: 0,
    },
  },
  {
    // The cancelled job was told; that it was could not be noted, and was not tried again.
    name: "The disk fills up between an ending and the note that it was told",
    plan: {
      seed: 32,
      servers: 1,
      profiles: ["0.38"],
      hasPreviews: false,
      clients: 1,
      jobs: [
        { id: "job-0", client: 0, atMs: 0, steps: 12, seed: 1_000_000 },
        { id: "job-1", client: 0, atMs: 0, steps: 12, seed: 1_000_001 },
        { id: "job-2", client: 0, atMs: 100, steps: 1, seed: 1_000_002, cancelAfterMs: 900 },
      ],
      faults: [{ kind: "database full", atMs: 1_011, forMs: 1_000, which: 0 }],
      idleMs: 0,
    },
  },
  {
    // The liar could not be understood at the first request, which was taken; the second one was refused.
    // So many jobs that whatever chance does to the lies, some job meets the right ones.
    name: "Jobs come twice at once while two servers lie",
    plan: {
      seed: 1,
      servers: 2,
      profiles: ["0.33", "0.33"],
      hasPreviews: false,
      clients: 1,
      jobs: Array.from({ length: 40 }, (_, index) => ({
        ...{ id: `job-${index}`, client: 0, atMs: 3_000 + index * 6_000, steps: 1 },
        ...{ seed: 1_000_000 + index, isFollowedTwice: true as const, isWrong: true as const },
      })),
      faults: [
        { kind: "link lossy", atMs: 0, forMs: 200_000, which: 5 },
        { kind: "server lies", atMs: 1_000, forMs: 20_000, which: 140 },
        { kind: "server lies", atMs: 1_000, forMs: 20_000, which: 201 },
      ],
      idleMs: 0,
    },
  },
];
