/** Which modules are loaded with another. */

/** A module as `deno info --json` tells of it. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What is loaded when this module is: not what only its types need, nor what `import()` may load. */
export function loadedBy(entry: URL): Promise<string[]> {
  return reached(entry, false);
}

/** What Deno reads before this module runs: also what `import()` may load, where it is named by a literal. */
export function readBefore(entry: URL): Promise<string[]> {
  return reached(entry, true);
}

async function reached(entry: URL, isDynamicToo: boolean): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry.pathname],
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const graph = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set([entry.href]);
  for (const name of loaded) {
    for (const { code, isDynamic = false } of graph.get(name)?.dependencies ?? []) {
      if (code?.specifier !== undefined && (isDynamicToo || !isDynamic)) loaded.add(code.specifier);
    }
  }
  return [...loaded];
}
