/** Whether a folder can be written to. */

/** As large as a small image: a full disk may have room for a name. */
const PROBE_BYTES = 262_144;

/** Rejects if no file of some size can be written there. */
export async function tryWritingIn(dir: string): Promise<void> {
  const path = await Deno.makeTempFile({ dir, prefix: ".writable-" });
  try {
    await Deno.writeFile(path, new Uint8Array(PROBE_BYTES));
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
