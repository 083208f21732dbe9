/** A bare Deno script that loads zeromq and binds, for start and memory. */

import { type Child, startChild } from "./child.ts";
import { nativeSource } from "./native.ts";

/** Of the project. */
export const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** Starts it. */
export function startBare(address = "tcp://127.0.0.1:*"): Child {
  return startChild(Deno.execPath(), [
    ...["run", "--quiet", `--config=${CONFIG}`, "--allow-read", "--allow-ffi"],
    ...[nativeSource("bare.ts"), address],
  ]);
}
