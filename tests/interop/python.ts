/** Whether clients in Python can be run here. */

/** Debian's Python, whose packages python3-zmq and python3-msgpack a client needs. */
export const PYTHON = "/usr/bin/python3";

/** True where the packages are there. Where they are promised, as in CI, their absence is a failure. */
export async function hasPythonClient(): Promise<boolean> {
  try {
    const probe = new Deno.Command(PYTHON, { args: ["-c", "import zmq, msgpack"] });
    if ((await probe.output()).success) return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (Deno.env.get("CI") === undefined) return false;
  throw new Error("CI lacks python3-zmq or python3-msgpack; .ci/run installs them");
}
