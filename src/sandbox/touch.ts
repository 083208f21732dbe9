/** Has ComfyUI save an image again that it remembers having saved, and whose file is gone or damaged. */

import type { Graph } from "../workflow/mod.ts";

/** Jobs that are remembered; those beyond, the oldest first, are only tried again as they are. */
const MAX_JOBS = 1_000;

/** An input that no node declares. ComfyUI looks at it when it looks for a result in its cache. */
const MARK = "dgx_pixels_again";

/** Which saving nodes of which jobs are to do their work again. */
export class SavedAgain {
  readonly #nodes = new Map<string, Set<string>>();

  /**
   * Notes that a file is gone.
   *
   * @param nodeId The node that had saved it, if that is known.
   * @returns false if that was so for the same node at the attempt before: then this does not help.
   */
  note(jobId: string, nodeId: string | undefined): boolean {
    const nodes = this.#nodes.get(jobId) ?? new Set();
    const key = nodeId ?? "";
    if (nodes.has(key)) return false;
    const [oldest] = this.#nodes.keys();
    if (this.#nodes.size >= MAX_JOBS && oldest !== undefined) this.#nodes.delete(oldest);
    this.#nodes.set(jobId, nodes.add(key));
    return true;
  }

  /** A job that is over needs no memory. */
  forget(jobId: string): void {
    this.#nodes.delete(jobId);
  }

  /**
   * Changes what has no effect on the image: the prefix of the file's name and an input that nobody
   * reads. What comes before the saving node stays in ComfyUI's cache.
   *
   * @param salt Must not have been used before.
   */
  touch(graph: Graph, jobId: string, salt: string): Graph {
    const nodes = this.#nodes.get(jobId);
    if (nodes === undefined) return graph;
    const known = [...nodes].map((id) => nodeOf(graph, id)).filter((id) => id !== undefined);
    const touched = known.length > 0 ? new Set(known) : new Set(savers(graph));
    return Object.fromEntries(
      Object.entries(graph).map(([id, node]) => {
        if (!touched.has(id)) return [id, node];
        const { filename_prefix: prefix } = node.inputs;
        const renamed = typeof prefix === "string"
          ? { filename_prefix: `${prefix}_${salt.slice(0, 8)}` }
          : { [MARK]: salt };
        return [id, { ...node, inputs: { ...node.inputs, ...renamed } }];
      }),
    );
  }
}

/** Nodes that expand while they run report ids such as `7.0.0.2`. */
function nodeOf(graph: Graph, id: string): string | undefined {
  if (Object.hasOwn(graph, id)) return id;
  const [outer = ""] = id.split(".");
  return Object.hasOwn(graph, outer) ? outer : undefined;
}

function savers(graph: Graph): string[] {
  return Object.entries(graph)
    .filter(([, { inputs }]) => typeof inputs.filename_prefix === "string")
    .map(([id]) => id);
}
