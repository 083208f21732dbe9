/** Recognises files that are saved from ComfyUI, too, but are no graph in API format. Pure. */

const EXPORT = 'export it from ComfyUI with "Export (API)" and use that file';

/**
 * Says what a file is that is no graph, and what to do.
 *
 * @param source Its name, which tells an app by its ending.
 * @returns undefined for what may be a graph.
 */
export function otherFormat(value: unknown, source: string): string | undefined {
  if (Array.isArray(value)) {
    const isEntry = value.length >= 3 && isGraph(value[2]);
    return isEntry
      ? "it is an entry of ComfyUI's queue or history; keep only its third element, the graph"
      : undefined;
  }
  if (!isRecord(value)) return undefined;
  if (Array.isArray(value["nodes"])) {
    return isApp(value, source)
      ? `it was saved in app mode, which keeps the format of the editor; open it there, leave app mode and ${EXPORT}`
      : `it is in the format of the editor; ${EXPORT}`;
  }
  for (const key of ["prompt", "output", "workflow_api"]) {
    const inner = value[key];
    if (Object.hasOwn(value, "class_type") || !isRecord(inner)) continue;
    if (isGraph(inner)) {
      return `it is a saved request with the graph in it; keep only what stands under "${key}"`;
    }
    // What the queue shows, or a whole request beside others.
    if (Array.isArray(inner["nodes"])) {
      return `it is a saved request with a graph in the format of the editor; ${EXPORT}`;
    }
  }
  const [first, ...others] = Object.values(value);
  if (others.length === 0 && isRecord(first) && Array.isArray(first["prompt"])) {
    return "it is an answer of ComfyUI's history; keep only the graph, the third element of its prompt";
  }
  if (isRecord(value["workflow"]) && Array.isArray(value["workflow"]["nodes"])) {
    return `it holds a graph in the format of the editor; ${EXPORT}`;
  }
  return undefined;
}

/** The editor marks what it saved in app mode in one of several ways, by its age. */
function isApp(value: Record<string, unknown>, source: string): boolean {
  const extra = isRecord(value["extra"]) ? value["extra"] : {};
  const marks = ["linearMode", "linearData", "appMode", "app"];
  return source.endsWith(".app") || marks.some((mark) => mark in extra || mark in value);
}

/** Nodes by id, at least one. */
function isGraph(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const nodes = Object.values(value);
  return nodes.length > 0 && nodes.every((node) => isRecord(node) && "class_type" in node);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
