/** The documents of the repository, and what stands in them. */

/** A Markdown file. */
export interface MarkdownFile {
  /** Path from the top of the repository. */
  readonly path: string;
  /** What it says. */
  readonly text: string;
}

/** A fenced block. */
export interface CodeBlock {
  /** File and line of its fence. */
  readonly place: string;
  /** The word after the fence. */
  readonly language: string;
  /** What is in it. */
  readonly code: string;
}

const ROOT = new URL("../../", import.meta.url);

/** Where Markdown files lie besides the top of the repository. */
const FOLDERS = [".github", "findings", "src", "tests", "workflows"];

/** Reads every Markdown file of the repository. */
export async function readDocuments(): Promise<MarkdownFile[]> {
  const paths = ["README.md"];
  for (const folder of FOLDERS) paths.push(...await listMarkdown(folder));
  return await Promise.all(
    paths.map(async (path) => ({ path, text: await Deno.readTextFile(new URL(path, ROOT)) })),
  );
}

/** Finds the fenced blocks of a file. */
export function codeBlocks({ path, text }: MarkdownFile): CodeBlock[] {
  return [...text.matchAll(/^```(\w*)[^\n]*\n(.*?)^```$/gms)].map((match) => ({
    place: `${path}:${text.slice(0, match.index).split("\n").length}`,
    language: match[1] ?? "",
    code: match[2] ?? "",
  }));
}

async function listMarkdown(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await listMarkdown(path));
    else if (name.endsWith(".md")) found.push(path);
  }
  return found.toSorted();
}
