/** Recognises files that are saved from ComfyUI, too, but are no graph in API format. Pure. */

/** The remedy for most of them. */
export const EXPORT = 'export it from ComfyUI with "Export (API)" and use that file';

/** How deep a graph may lie in a file and still be found, and how many values are looked at. */
const MAX_DEPTH = 8;
const MAX_VALUES = 5_000;

/** A graph somewhere in a file. */
interface Found {
  /** The keys and positions that lead there. */
  readonly path: readonly (string | number)[];
  /** What it is. */
  readonly kind: "graph" | "editor" | "app";
  /** True if it lies there as a text with JSON in it. */
  readonly isText: boolean;
  /** The list that it is an element of, if it is one. */
  readonly list?: readonly unknown[];
}

/**
 * Says what a file is that is no graph, and what to do.
 *
 * @param source Its name, which tells an app by its ending.
 * @returns undefined for what may be a graph, or is nothing that is known.
 */
export function otherFormat(value: unknown, source: string): string | undefined {
  if (isGraph(value)) return undefined;
  const all = findGraphs(value, source);
  const graphs = all.filter(({ kind }) => kind === "graph");
  const [found] = graphs.length > 0 ? graphs : all;
  if (found === undefined) return isListOfNodes(value) ? LIST_OF_NODES : undefined;
  return found.kind === "graph" ? graphText(found, graphs.length) : editorText(found);
}

const LIST_OF_NODES = `it is a list of nodes without their ids; ${EXPORT}`;

function graphText({ path, isText, list }: Found, count: number): string {
  const what = isText ? "the graph, which stands there as a text," : "the graph,";
  const last = path.at(-1);
  if (last === 2 && typeof list?.[0] === "number" && typeof list[1] === "string") {
    return path.length === 1
      ? "it is an entry of ComfyUI's queue or history; keep only its third element, the graph"
      : "it is an answer of ComfyUI's queue or history; keep only the graph, " + placeOf(path);
  }
  const isBareList = path.length === 1 && typeof last === "number";
  if (isBareList && count > 1) {
    return `it is a list of ${count} graphs; make a file of each, without the brackets around them`;
  }
  if (isBareList && list?.length === 1 && !isText) {
    return "it is a list with a graph in it; keep only the graph, without the brackets around it";
  }
  if (path.length === 0) return "it is a text with a graph in it; keep only the graph";
  const more = count > 1 ? ` (one of ${count})` : "";
  return `it is a saved request or answer with the graph in it; keep only ${what} ` +
    `${placeOf(path)}${more}`;
}

function editorText({ path, kind }: Found): string {
  const where = path.length === 0 ? "" : `, ${placeOf(path)}`;
  if (kind === "editor") {
    return where === ""
      ? `it is in the format of the editor; ${EXPORT}`
      : `it holds a graph in the format of the editor${where}; ${EXPORT}`;
  }
  const what = where === "" ? "it was saved" : `it holds a graph${where}, that was saved`;
  return `${what} in app mode, which keeps the format of the editor; open it there, leave app mode ` +
    `and ${EXPORT}`;
}

/** Where something lies in a file, the outermost first. */
function placeOf(path: readonly (string | number)[]): string {
  const steps = path.map((key) =>
    typeof key === "number" ? `element ${key + 1}` : JSON.stringify(key)
  );
  return `under ${steps.join(" and in it ")}`;
}

/** The graphs in a file, the outermost first. */
function findGraphs(value: unknown, source: string): Found[] {
  const found: Found[] = [];
  const open: (Omit<Found, "kind"> & { value: unknown })[] = [{ value, path: [], isText: false }];
  for (let looked = 0; looked < open.length && looked < MAX_VALUES; looked++) {
    const { value, ...place } = open[looked]!;
    if (isGraph(value)) found.push({ ...place, kind: "graph" });
    else if (isEditor(value)) {
      found.push({ ...place, kind: isApp(value, source) ? "app" : "editor" });
    } else if (place.path.length >= MAX_DEPTH) continue;
    else if (typeof value === "string") {
      const parsed = parseText(value);
      if (parsed !== undefined) open.push({ ...place, value: parsed, isText: true });
    } else if (Array.isArray(value)) {
      const { path, isText } = place;
      value.forEach((item, index) =>
        open.push({ value: item, path: [...path, index], isText, list: value })
      );
    } else if (isRecord(value)) {
      const { path, isText } = place;
      for (const [key, item] of Object.entries(value)) {
        open.push({ value: item, path: [...path, key], isText });
      }
    }
  }
  return found;
}

/** JSON in a text, as images and saved calls have it. */
function parseText(text: string): unknown {
  if (!/^\s*[{["]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The editor marks what it saved in app mode in one of several ways, by its age. */
function isApp(value: Record<string, unknown>, source: string): boolean {
  const extra = isRecord(value["extra"]) ? value["extra"] : {};
  const marks = ["linearMode", "linearData", "appMode", "app"];
  return /\.app$/i.test(source) || marks.some((mark) => Boolean(extra[mark] ?? value[mark]));
}

/** Nodes by id, if only one of them, so that a fault in another is told of where it is. */
function isGraph(value: unknown): boolean {
  return isRecord(value) && Object.values(value).some(isNode);
}

function isListOfNodes(value: unknown): boolean {
  return Array.isArray(value) && value.some(isNode);
}

function isNode(value: unknown): boolean {
  return isRecord(value) && typeof value["class_type"] === "string";
}

/** The editor keeps its nodes in a list. */
function isEditor(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && Array.isArray(value["nodes"]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
