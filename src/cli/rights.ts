/** What each command needs of the rights that its process was given; it gives up the others before all else. */

/** A right that a command may go without. Reading and settings all of them need. */
export type Right = "write" | "net" | "ffi" | "sys" | "run";

const RIGHTS: readonly Right[] = ["write", "net", "ffi", "sys", "run"];

/** ZeroMQ is reached through FFI, and its sockets are outside of Deno's right to the network. */
const NEEDS: Readonly<Record<string, readonly Right[]>> = {
  cancel: ["ffi"],
  completions: [],
  config: [],
  db: ["write", "net"],
  demo: ["write", "net", "ffi"],
  generate: ["write", "ffi"],
  image: ["write", "ffi"],
  job: ["ffi"],
  jobs: ["ffi"],
  keygen: ["write", "ffi"],
  mcp: ["ffi"],
  models: ["ffi"],
  ping: ["ffi"],
  pixelize: ["write"],
  schema: [],
  servers: ["ffi"],
  simulator: ["write", "net"],
  status: ["ffi"],
  token: ["write"],
  watch: ["ffi"],
};

/** Rights that a command line can do without; none if its command is not known, or needs all of them. */
export function needlessRights([command = ""]: readonly string[]): Right[] {
  const needs = Object.hasOwn(NEEDS, command) ? NEEDS[command] : undefined;
  return needs === undefined ? [] : RIGHTS.filter((right) => !needs.includes(right));
}
