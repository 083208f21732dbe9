/** Files of the source tree. */

/** Paths of all files below a directory, relative to it. */
export async function listFiles(directory: URL, below = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(new URL(below, directory))) {
    const path = below + entry.name;
    if (entry.isDirectory) paths.push(...await listFiles(directory, `${path}/`));
    else paths.push(path);
  }
  return paths.sort();
}

/** Paths of all modules below a directory, relative to it. */
export async function listModules(directory: URL): Promise<string[]> {
  return (await listFiles(directory)).filter((path) => path.endsWith(".ts"));
}
