/**
 * Jobs in isolates, which ComfyUI servers share.
 *
 * @module
 */

export type { Executor, RunOptions, ServerOptions } from "./executor.ts";
export { startExecutors } from "./executors.ts";
export { modelKeys } from "./known_models.ts";
export type { Executors, ExecutorsOptions } from "./executors.ts";
export type {
  Catalog,
  CheckResult,
  NamedPalette,
  RunEvent,
  RunOutcome,
  RunSpec,
  SandboxSetup,
  ServerState,
} from "./messages.ts";
