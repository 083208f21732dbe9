/**
 * What a node class is made of, and what it may ask of the run that executes it.
 *
 * @module
 */

import type { JsonObject } from "../json.ts";
import type { Image } from "../files/image.ts";
import type { FileArea, FileStore } from "../files/store.ts";
import type { Painting } from "../options.ts";
import type { Inputs } from "./inputs.ts";
import type { Value } from "./values.ts";

/** What a node gives. */
export interface NodeResult {
  /** One value an output. */
  readonly outputs: readonly Value[];
  /** What `executed` and history show of it. */
  readonly ui?: JsonObject;
}

/** What a node may ask of its run. */
export interface NodeContext {
  /** The file areas. */
  readonly files: Readonly<Record<FileArea, FileStore>>;
  /** The prompt for the image's metadata. */
  readonly prompt: JsonObject;
  /** `extra_data.extra_pnginfo` of the request. */
  readonly extraPngInfo: unknown;
  /** State that lives as long as this node id keeps its class. */
  readonly state: Map<string, string>;
  /** What images are like. */
  readonly painting: Painting;
  /** Unix milliseconds. */
  now(): number;
  /** Lets the time pass that ordinary work takes. */
  work(): Promise<void>;
  /** Lets the time pass that loading a model takes, if it is not in memory yet. */
  load(file: string): Promise<void>;
  /** Lets one sampler step pass and reports it; throws when the run is interrupted. */
  step(value: number, max: number, preview: () => Image): Promise<void>;
  /** Sends an image of several over the event socket; throws when the run is interrupted. */
  send(index: number, count: number, png: Uint8Array): void;
}

/** A node class. */
export interface NodeClass {
  /** Executes the node. */
  run(inputs: Inputs, context: NodeContext): NodeResult | Promise<NodeResult>;
  /** Which of its lazy inputs the node needs, once it has the others (`check_lazy_status`). */
  needs?(inputs: Inputs): string[];
  /** What besides the inputs decides whether a result is still good (`IS_CHANGED`). */
  fingerprint?(inputs: JsonObject, files: NodeContext["files"]): Promise<string>;
}

/** Node classes by name. */
export type NodeClasses = Readonly<Record<string, NodeClass>>;

/** A result with a single output. */
export function single(value: Value): NodeResult {
  return { outputs: [value] };
}
