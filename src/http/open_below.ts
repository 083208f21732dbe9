/** Files that may be delivered: those below one directory, links followed. */

/** Opens a file that really lies below a real directory; `undefined` if it is not there. */
export async function openBelow(directory: string, path: string): Promise<Deno.FsFile | undefined> {
  try {
    const real = await Deno.realPath(path);
    return real.startsWith(`${directory}/`) ? await Deno.open(real) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
