/** The jobs that a prompt on the command line asks for. */

import type { Client } from "../../client/mod.ts";
import { ConfigError } from "../../errors.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import type { GenerateValues } from "./field.ts";
import { buildRequest } from "./fields.ts";
import { withInitImage } from "./init_image.ts";
import { nextNames } from "./names.ts";
import { variant } from "./variant.ts";

/** How many jobs, and under which ids. */
export interface AskedOptions {
  /** Jobs of each model; each has a seed of its own. */
  count: number;
  /** Id of the job; `-1`, `-2` and so on are added to it for several. @default from the prompt */
  id?: string;
  /** Models to compare: each gets the same prompts and seeds. */
  compare?: readonly string[];
}

/** One of the jobs. */
export interface AskedJob {
  /** What to send. */
  readonly request: GenerateRequest;
  /** What tells it from the others; empty if it is the only one. */
  readonly label: string;
}

/**
 * Makes the requests, seed by seed; those of models that are compared stand side by side.
 *
 * @throws {ConfigError} `usage` if a value is wrong.
 */
export async function askedJobs(
  values: GenerateValues,
  { count, id, compare }: AskedOptions,
  client: Client,
): Promise<AskedJob[]> {
  if (compare !== undefined && values["model"] !== undefined) {
    throw new ConfigError("usage", "Give the models to --compare alone, without --model");
  }
  const models = compare ?? [values["model"]];
  const base = { ...await withInitImage(values), model: models[0] };
  // What is wrong with the values is said before anybody is asked.
  buildRequest(base, id ?? "id");
  const names = await namesOf(id, {
    prompt: String(values["prompt"]),
    count: count * models.length,
  }, client);
  // A seed of our own: models are compared by the same, and what another program asks for at this moment
  // under the same id has another.
  const seeded = id === undefined || compare !== undefined ? { seed: drawSeed(), ...base } : base;
  return names.map((name, index) => {
    const model = models[index % models.length];
    const request = buildRequest(
      { ...variant(seeded, Math.floor(index / models.length)), model },
      name,
    );
    return { request, label: labelOf(request, { index, total: names.length, compare }) };
  });
}

async function namesOf(
  id: string | undefined,
  { prompt, count }: { prompt: string; count: number },
  client: Client,
): Promise<string[]> {
  if (id === undefined) return await nextNames(client, prompt, count);
  return count === 1 ? [id] : Array.from({ length: count }, (_, index) => `${id}-${index + 1}`);
}

function labelOf(
  { model }: GenerateRequest,
  { index, total, compare }: { index: number; total: number; compare: AskedOptions["compare"] },
): string {
  if (total === 1) return "";
  if (compare === undefined) return `${index + 1}: `;
  const seed = total === compare.length ? "" : `${Math.floor(index / compare.length) + 1} `;
  return `${seed}${model}: `;
}

/** Of 31 bits: the worker refuses a seed that somebody names and a node does not take, as many do. */
function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
