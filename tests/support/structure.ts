/** Rules about the shape of the source tree: circles, the order of folders, names. */

/** The shortest way from each file back to itself, once for each circle. */
export function importCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles = new Map<string, string>();
  for (const start of graph.keys()) {
    const before = new Map<string, string>();
    const next = [start];
    for (let file = next.shift(); file !== undefined && !before.has(start); file = next.shift()) {
      for (const target of graph.get(file) ?? []) {
        if (before.has(target)) continue;
        before.set(target, file);
        next.push(target);
      }
    }
    if (!before.has(start)) continue;
    const way = [start];
    for (let file = before.get(start)!; file !== start; file = before.get(file)!) way.unshift(file);
    circles.set(way.toSorted().join(" "), `${[way.at(-1), ...way].join(" → ")}: an import circle`);
  }
  return [...circles.values()];
}

/** The folders that a module's README names in their order: `Folders, …: \`a/\`, \`b/\`.` */
export function folderOrder(readme: string): string[] {
  const line = /^(?:Folders, each importing only|Its one folder:)[^]*?\.$/m.exec(readme)?.[0] ?? "";
  return [...line.matchAll(/`([a-z_]+)\/`/g)].map((match) => match[1]!);
}

/** The folder of a file within its module, or nothing for a file beside the folders. */
export function folderOf(path: string): string | undefined {
  const parts = path.split("/");
  return parts.length > 2 ? parts[1] : undefined;
}

/** Imports from a folder that comes later than the importing file's own. */
export function importsAgainstOrder(
  graph: ReadonlyMap<string, readonly string[]>,
  orders: ReadonlyMap<string, readonly string[]>,
): string[] {
  return [...graph].flatMap(([path, targets]) => {
    const order = orders.get(moduleOf(path)) ?? [];
    const own = folderOf(path);
    if (own === undefined) return [];
    return targets.flatMap((target) => {
      const other = moduleOf(target) === moduleOf(path) ? folderOf(target) : undefined;
      if (other === undefined || order.indexOf(other) <= order.indexOf(own)) return [];
      return [`src/${path}: ${own}/ must not import ${other}/, which comes after it`];
    });
  });
}

/** Names that four or more files of one folder share up to the first `_`. */
export function sharedPrefixes(paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const prefix = /^.*?[^/_]+_(?=[^/]*$)/.exec(path.replace(/_test\.ts$/, ".ts"))?.[0];
    if (prefix !== undefined) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= 4)
    .map(([prefix, count]) => `${prefix}*: ${count} files share a prefix; a folder says it better`);
}

/** `errors.ts` for a file at the top of src/, `queue/` for everything below a directory. */
export function moduleOf(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash + 1);
}
