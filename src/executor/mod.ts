/**
 * Jobs in an isolate, one for each ComfyUI server.
 *
 * @module
 */

export { startExecutor } from "./executor.ts";
export type { Executor, ExecutorOptions, RunOptions } from "./executor.ts";
export type {
  CheckResult,
  RunEvent,
  RunOutcome,
  RunSpec,
  SandboxSetup,
  ServerState,
} from "./messages.ts";
