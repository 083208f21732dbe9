/** What lies in the output directory. */

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PNG_END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/** The files by what they are. */
export interface OutputFiles {
  /** Whole images under final names. */
  readonly whole: string[];
  /** Anything else that does not hide. */
  readonly broken: string[];
  /** Hidden leftovers of jobs that were cut off. */
  readonly parts: string[];
  /** Previews that are still there. */
  readonly previews: string[];
}

/** Looks at every file of an output directory. */
export async function lookAtFiles(dir: string): Promise<OutputFiles> {
  const files: OutputFiles = { whole: [], broken: [], parts: [], previews: [] };
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    if (isDirectory) files.previews.push(...await filesBelow(path));
    else if (name.startsWith(".")) files.parts.push(path);
    else if (await isWholePng(path)) files.whole.push(path);
    else files.broken.push(path);
  }
  return files;
}

async function isWholePng(path: string): Promise<boolean> {
  const bytes = await Deno.readFile(path);
  const starts = PNG_SIGNATURE.every((byte, index) => bytes[index] === byte);
  return starts && PNG_END.every((byte, index) => bytes.at(index - PNG_END.length) === byte);
}

async function filesBelow(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    if (isDirectory) paths.push(...await filesBelow(`${dir}/${name}`));
    else paths.push(`${dir}/${name}`);
  }
  return paths;
}
