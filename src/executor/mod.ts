/**
 * Jobs in isolates, which ComfyUI servers share.
 *
 * @module
 */

export type { Executor, RunOptions, ServerOptions } from "./executor.ts";
export { startExecutors } from "./executors.ts";
export type { Executors, ExecutorsOptions } from "./executors.ts";
export type {
  Catalog,
  CheckResult,
  RunEvent,
  RunOutcome,
  RunSpec,
  SandboxSetup,
  ServerState,
} from "./messages.ts";
