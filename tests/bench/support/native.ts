/** The parties that are not ours: programs in C, compiled when they are first needed, and in Python. */

import { tempDir } from "../../support/temp_dir.ts";
import { runChild } from "./child.ts";

/** Debian's Python, whose packages are those of the system. */
export const PYTHON = "/usr/bin/python3";

const SOURCES = new URL("../native/", import.meta.url).pathname;

let compiled: Promise<{ dir: string } | { why: string }> | undefined;

/** Path of a script or source of `native/`. */
export function nativeSource(name: string): string {
  return `${SOURCES}${name}`;
}

/** Path of a compiled program, or `undefined` where it cannot be compiled. */
export async function nativeProgram(name: "client" | "echo"): Promise<string | undefined> {
  const result = await (compiled ??= compile());
  return "dir" in result ? `${result.dir}/${name}` : undefined;
}

/** Why there is no column C, or `undefined` if there is one. */
export async function whyNoC(): Promise<string | undefined> {
  const result = await (compiled ??= compile());
  return "why" in result ? result.why : undefined;
}

/** @throws {Error} if the parties in Python cannot run. */
export async function checkPython(): Promise<string> {
  const script = "import json, zmq, msgpack, sys; print(json.dumps(" +
    "'Python %s, pyzmq %s, libzmq %s' % (sys.version.split()[0], zmq.__version__, zmq.zmq_version())))";
  try {
    return await runChild<string>(PYTHON, ["-c", script]);
  } catch (cause) {
    throw new Error(
      "Cannot run the parties in Python: install python3-zmq and python3-msgpack (apt-get)",
      { cause },
    );
  }
}

async function compile(): Promise<{ dir: string } | { why: string }> {
  const dir = (await tempDir()).path;
  globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  for (const name of ["client", "echo"]) {
    const args = ["-O2", "-o", `${dir}/${name}`, nativeSource(`${name}.c`), "-lzmq"];
    try {
      const { success, stderr } = await new Deno.Command("gcc", { args }).output();
      if (success) continue;
      const [line] = new TextDecoder().decode(stderr).split("\n");
      return { why: `gcc failed (${line}); install libzmq3-dev (apt-get)` };
    } catch {
      return { why: "there is no gcc; install gcc and libzmq3-dev (apt-get)" };
    }
  }
  return { dir };
}
