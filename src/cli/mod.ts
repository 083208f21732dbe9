/**
 * The command line.
 *
 * @module
 */

export type { Io, LogFile } from "./io.ts";
export { runCli } from "./run.ts";
