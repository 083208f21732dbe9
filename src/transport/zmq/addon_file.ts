/** Where the package `zeromq` keeps its addon for this machine, without loading the package. */

/** The package's list of what it was built for: from a description, as JSON, to a path beside the list. */
type Manifest = Readonly<Record<string, string>>;

/** What a description says that matters here. */
interface Build {
  readonly os: string;
  readonly arch: string;
  readonly libc: string;
  readonly abi: number;
}

/**
 * Paths of the addons that may run here, in the order in which the package tries them, so that both end
 * with the same file; none if the list cannot be read. Of Linux only.
 *
 * @param entry Where the package is.
 */
export function addonFiles(entry: string = import.meta.resolve("zeromq")): string[] {
  if (Deno.build.os !== "linux") return [];
  try {
    const folder = new URL("../build/", entry);
    return parse(Deno.readTextFileSync(new URL("manifest.json", folder)))
      .filter(({ build }) => runsHere(build))
      .sort((a, b) => b.build.abi - a.build.abi)
      .map(({ path }) => decodeURIComponent(new URL(path, folder).pathname));
  } catch {
    // Without the list, or the right to read it, the package has to find the file by itself.
    return [];
  }
}

function parse(text: string): { build: Build; path: string }[] {
  const manifest = JSON.parse(text) as Manifest;
  return Object.entries(manifest).map(([build, path]) => ({ build: JSON.parse(build), path }));
}

/** Deno itself is built for glibc alone. */
function runsHere({ os, arch, libc }: Build): boolean {
  return os === "linux" && arch === ARCHES[Deno.build.arch] && libc === "glibc";
}

/** Processors by Node's names for them. */
const ARCHES: Readonly<Record<typeof Deno.build.arch, string>> = {
  x86_64: "x64",
  aarch64: "arm64",
};
