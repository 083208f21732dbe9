/** A directory that goes away with its test. */

/** A directory of a test's own. */
export interface TempDir extends AsyncDisposable {
  /** Absolute path. */
  readonly path: string;
}

/** Makes an empty directory; disposing of it removes it with all that is in it. */
export async function tempDir(): Promise<TempDir> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "dgx-pixels-" }));
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
