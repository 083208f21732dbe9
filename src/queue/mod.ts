/**
 * The durable truth about jobs.
 *
 * @module
 */

export { isTerminal, sameRequest } from "./job.ts";
export type { Ending, Job, JobOutcome, JobResult, Lease } from "./job.ts";
export type {
  AbandonOptions,
  CancelResult,
  ClaimAllOptions,
  EnqueueDetails,
  EnqueueResult,
  HeldServer,
  JobQueue,
  ListOptions,
  Neighbours,
  News,
  Peer,
  QueueCounts,
  ReleaseOptions,
  ServerElsewhere,
  SharedQueue,
  WorkerFacts,
} from "./job_queue.ts";
export type { CopyNotes, LeftCopies } from "./copies.ts";
export type {
  Delivery,
  DeliveryQuery,
  DeliveryResult,
  DeliveryState,
  NewDelivery,
  Outbox,
} from "./outbox.ts";
export { RUNS_IN_ALL, RUNS_OF_A_KIND } from "./job_queue.ts";
export { lockQueue } from "./sqlite/lock.ts";
export { openSqliteQueue } from "./sqlite/sqlite_queue.ts";
export type { SqliteQueueOptions } from "./sqlite/sqlite_queue.ts";
