/**
 * The words for measured times, which pass from ComfyUI's events through the queue's database and
 * back to the next run: a leaf that any module may import.
 *
 * @module
 */

/** How long one node took in one run. */
export interface NodeTime {
  /** Id of the node in the graph. */
  readonly node: string;
  /** Class of the node. */
  readonly className: string;
  /** Its time without the steps, in milliseconds; of a sampler mostly what goes before the first. */
  readonly fixedMs: number;
  /** Steps that it took; 0 for a node that does not sample. */
  readonly steps: number;
  /** One of these steps, in milliseconds. */
  readonly stepMs: number;
  /** True if it, or a node before it, used a model file that was new to the server. */
  readonly cold: boolean;
}

/** Where the time of one run went. Nodes from the cache are missing: they took none. */
export interface RunTimes {
  /** Name of the workflow. */
  readonly workflow: string;
  /** The nodes that ran. */
  readonly nodes: readonly NodeTime[];
  /** From the start to the end of the prompt without these nodes, in milliseconds. */
  readonly otherMs: number;
  /** From the end of the prompt until the files were there, in milliseconds. */
  readonly filesMs: number;
  /** Pixels of all images that were generated, where size and number of those asked for do not say it. */
  readonly pixels?: number;
}

/** Longest time that is believed, in milliseconds: a year. */
const MAX_MS = 31_557_600_000;
/** Most pixels of a job that are believed. */
const MAX_PIXELS = 2 ** 40;
/** Most nodes of a graph that are believed. */
const MAX_NODES = 10_000;

/** Whether a value that comes from elsewhere, an isolate or a file, can be where the time of a run went. */
export function isRunTimes(value: unknown): value is RunTimes {
  if (typeof value !== "object" || value === null) return false;
  const { workflow, nodes, otherMs, filesMs, pixels } = value as Partial<
    Record<keyof RunTimes, unknown>
  >;
  return typeof workflow === "string" && isTime(otherMs) && isTime(filesMs) &&
    (pixels === undefined || isPixels(pixels)) &&
    Array.isArray(nodes) && nodes.length <= MAX_NODES && nodes.every(isNodeTime);
}

function isNodeTime(value: unknown): value is NodeTime {
  if (typeof value !== "object" || value === null) return false;
  const { node, className, fixedMs, steps, stepMs, cold } = value as Partial<
    Record<keyof NodeTime, unknown>
  >;
  return typeof node === "string" && typeof className === "string" && typeof cold === "boolean" &&
    isTime(fixedMs) && isTime(stepMs) && isTime(steps);
}

/** Whether a value can be the pixels of all images of a job together. */
export function isPixels(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= MAX_PIXELS;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_MS;
}

/** The kinds of runs whose times can be compared. */
export interface RunKind {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Name of the checkpoint. */
  readonly model: string;
  /** Pixels of all images together. */
  readonly pixels: number;
  /** Name of the server. */
  readonly server: string;
}

/** A run that was measured, with what it was a run of. */
export interface MeasuredRun extends RunKind, RunTimes {
  /** Pixels of all images together. */
  readonly pixels: number;
  /** Steps that were asked for. */
  readonly steps: number;
}

/** Whether a value that was kept can be a run that was measured. */
export function isMeasuredRun(value: unknown): value is MeasuredRun {
  if (!isRunTimes(value)) return false;
  const { model, server, pixels, steps } = value as Partial<Record<keyof MeasuredRun, unknown>>;
  const areNames = [model, server].every((name) => typeof name === "string");
  // What bounds pixels is more than enough for steps.
  return areNames && [pixels, steps].every(isPixels);
}

/** What is expected of one node. */
export interface ExpectedNode {
  /** Id of the node in the graph. */
  readonly node: string;
  /** Class of the node. */
  readonly className: string;
  /** Times without the steps in milliseconds, of runs with models that were new to the server. */
  readonly coldMs: readonly number[];
  /** The same of runs with models that had been used before. */
  readonly warmMs: readonly number[];
  /** One step, in milliseconds; 0 for a node that does not sample. */
  readonly stepMs: number;
}

/** What is expected of a run, before it begins. */
export interface ExpectedTimes {
  /** What the nodes are expected to take; none if nothing like it was measured. */
  readonly nodes: readonly ExpectedNode[];
  /** Time besides the nodes, until the files are there, in milliseconds. */
  readonly otherMs: number;
  /** The whole run, in milliseconds: all there is to go by where no nodes are known. */
  readonly runMs: number;
  /** True if runs of the same kind were measured, false for such with another size or model. */
  readonly exact: boolean;
  /** How much longer what works on the pixels takes than in the runs that were measured. */
  readonly growth: number;
}

/** The middle of some numbers, 0 if there are none. One number that is far out does not move it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
