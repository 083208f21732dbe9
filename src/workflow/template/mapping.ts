/** The file beside a workflow that says what its links cannot tell. Pure. */

import { ConfigError } from "../../errors.ts";
import type { PixelOptions } from "../../protocol/mod.ts";
import { pixelFault } from "../../protocol/pixel.ts";
import { type Graph, isLink } from "../graph.ts";
import { type Parameter, PARAMETERS, type Target } from "../parameters.ts";
import { type Affixes, NO_AFFIXES } from "../text/words.ts";

/** What a `NAME.map.json` says. */
export interface Mapping {
  /** Inputs that a parameter goes to, in place of those that were found. */
  readonly targets: ReadonlyMap<Parameter, readonly Target[]>;
  /** Parameters that have no place on purpose. */
  readonly ignored: ReadonlySet<Parameter>;
  /** What every prompt gets. */
  readonly affixes: Affixes;
  /** Of a video, every image with a number that this divides is a frame of the animation. */
  readonly frameStep: number;
  /** How its images are made pixel art unless a request says; undefined if it does not say. */
  readonly pixel: PixelOptions | undefined;
}

/** Beyond this nothing of a motion would be left. */
const MAX_FRAME_STEP = 16;

/** Of a workflow without such a file. */
export const NO_MAPPING: Mapping = {
  targets: new Map(),
  ignored: new Set(),
  affixes: NO_AFFIXES,
  frameStep: 1,
  pixel: undefined,
};

/**
 * Reads the parsed file.
 *
 * @param source How to call the file in messages.
 * @throws {ConfigError} `invalid_workflow` for a parameter, node or input that is not there.
 */
export function parseMapping(json: unknown, graph: Graph, source: string): Mapping {
  const reader = new MappingReader(graph, source);
  if (!isRecord(json)) throw reader.invalid("it is not a JSON object");
  const {
    ignore = [],
    prompt_prefix: prefix = "",
    prompt_suffix: suffix = "",
    frame_step: step = 1,
    pixel,
    ...places
  } = json;
  const affixes = {
    prefix: reader.text("prompt_prefix", prefix),
    suffix: reader.text("prompt_suffix", suffix),
  };
  const targets = new Map(
    Object.entries(places).map(([name, list]) => {
      return [reader.parameter(name), reader.targets(name, list)] as const;
    }),
  );
  const ignored = new Set(reader.ignored(ignore));
  const both = [...targets.keys()].find((parameter) => ignored.has(parameter));
  if (both !== undefined) throw reader.invalid(`${both} has a place and is to be ignored`);
  return {
    targets,
    ignored,
    affixes,
    frameStep: reader.frameStep(step),
    pixel: reader.pixel(pixel),
  };
}

class MappingReader {
  readonly #graph: Graph;
  readonly #source: string;

  constructor(graph: Graph, source: string) {
    this.#graph = graph;
    this.#source = source;
  }

  parameter(name: string): Parameter {
    const parameter = PARAMETERS.find((known) => known === name);
    if (parameter !== undefined) return parameter;
    throw this.invalid(
      `${JSON.stringify(name)} is no parameter; known are ${
        PARAMETERS.join(", ")
      }, ignore, prompt_prefix, prompt_suffix, frame_step and pixel`,
    );
  }

  frameStep(value: unknown): number {
    if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_FRAME_STEP) {
      return Number(value);
    }
    throw this.invalid(`frame_step must be a whole number from 1 to ${MAX_FRAME_STEP}`);
  }

  pixel(value: unknown): PixelOptions | undefined {
    const fault = value === undefined ? undefined : pixelFault(value);
    if (fault === undefined) return value as PixelOptions | undefined;
    throw this.invalid(`pixel: ${fault}`);
  }

  text(name: string, value: unknown): string {
    if (typeof value === "string") return value;
    throw this.invalid(`${name} must be a text`);
  }

  ignored(list: unknown): Parameter[] {
    if (!Array.isArray(list) || !list.every((name) => typeof name === "string")) {
      throw this.invalid("ignore must be a list of parameters");
    }
    return list.flatMap((name) => {
      return name === "size" ? ["width", "height"] as const : this.parameter(name);
    });
  }

  targets(name: string, list: unknown): Target[] {
    if (Array.isArray(list) && list.length > 0) return list.map((item) => this.#target(name, item));
    const isEmpty = Array.isArray(list) ? ", not an empty one; else leave it out" : "";
    throw this.invalid(
      `${name} must be a list such as [{ "node": "6", "input": "text" }]${isEmpty}`,
    );
  }

  #target(name: string, item: unknown): Target {
    const { node, input } = isRecord(item) ? item : {};
    if (typeof node !== "string" || typeof input !== "string") {
      throw this.invalid(`each place of ${name} must have a node and an input, both texts`);
    }
    if (!Object.hasOwn(this.#graph, node)) {
      throw this.invalid(`${name} is mapped to node ${node}, which does not exist`);
    }
    const inputs = this.#graph[node]?.inputs ?? {};
    if (!Object.hasOwn(inputs, input)) {
      throw this.invalid(
        `${name} is mapped to ${input} of node ${node}, which has only ` +
          (Object.keys(inputs).join(", ") || "no inputs"),
      );
    }
    if (isLink(inputs[input])) {
      throw this.invalid(
        `${name} is mapped to ${input} of node ${node}, which is linked to node ${
          inputs[input][0]
        }; name the node that holds the value`,
      );
    }
    return { node, input };
  }

  invalid(why: string): ConfigError {
    return new ConfigError("invalid_workflow", `Cannot use the mapping ${this.#source}: ${why}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
