/**
 * POSIX path arithmetic as Python's `os.path` does it, for names that clients choose.
 *
 * @module
 */

/** `os.path.normpath`. */
export function normalize(path: string): string {
  const root = path.startsWith("/") ? "/" : "";
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const climbs = part === "..";
    if (climbs && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!climbs || root === "") parts.push(part);
  }
  return root + parts.join("/") || ".";
}

/** `os.path.dirname`. */
export function dirname(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? path.slice(0, slash + 1) : path.slice(0, slash);
}

/** `os.path.basename`. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `os.path.splitext`. */
export function splitExtension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf(".");
  const start = name.lastIndexOf("/") + 1;
  const leadingDots = name.slice(start).match(/^\.*/)?.[0].length ?? 0;
  if (dot < start + leadingDots) return [name, ""];
  return [name.slice(0, dot), name.slice(dot)];
}

/** Joins a client's path below a folder; `undefined` when it would lead out of that folder. */
export function below(folder: string, path: string): string | undefined {
  if (path.startsWith("/")) return undefined;
  const joined = normalize(folder === "" ? path : `${folder}/${path}`);
  if (joined === ".." || joined.startsWith("../")) return undefined;
  return joined === "." ? "" : joined;
}
