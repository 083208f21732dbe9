/**
 * The command line.
 *
 * @module
 */

export type { Io } from "./io.ts";
export type { LogOutput } from "./log_sink.ts";
export { runCli } from "./run.ts";
