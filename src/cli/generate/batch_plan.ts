/** The jobs that the entries of a file ask for, each under an id that a later run finds again. */

import { ConfigError } from "../../errors.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import type { BatchEntry } from "./batch_file.ts";
import type { GenerateValues } from "./field.ts";
import { buildRequest } from "./fields.ts";
import { withInitImage } from "./init_image.ts";
import { slugOf } from "./names.ts";
import type { Report } from "./report.ts";
import type { Tally } from "./tally.ts";
import { variant } from "./variant.ts";

/** Digits of a content id that an id ends with: 48 bits, for entries whose words begin alike. */
const ID_DIGITS = 12;

/** A job to be done. */
export interface Plan {
  /** Its number, from 1. */
  readonly number: number;
  /** Where the file asks for it. */
  readonly place: string;
  /** What it asks for. */
  readonly request: GenerateRequest;
}

/** What holds for every entry. */
export interface PlanOptions {
  /** Values of those fields that an entry does not have. */
  values: GenerateValues;
  /** Jobs of each entry. */
  count: number;
}

/** Makes the plans; what is wrong is told, and what is asked for twice is left out. */
export async function planAll(
  entries: readonly BatchEntry[],
  { values, count }: PlanOptions,
  { report, tally }: { report: Report; tally: Tally },
): Promise<Plan[]> {
  const plans = new Map<string, Plan>();
  for (const entry of entries) {
    const made = await planEntry(entry, values, count);
    if (typeof made === "string") {
      tally.addInvalid();
      report.invalid(entry.place, made);
      continue;
    }
    for (const plan of made) {
      const earlier = plans.get(plan.request.id);
      if (earlier === undefined) plans.set(plan.request.id, { ...plan, number: plans.size + 1 });
      else report.note(`${plan.place} asks for the same as ${earlier.place}, and is left out`);
    }
  }
  return [...plans.values()];
}

/** The plans of an entry, or what is wrong with it. */
async function planEntry(
  entry: BatchEntry,
  common: GenerateValues,
  count: number,
): Promise<Plan[] | string> {
  if ("error" in entry) return entry.error;
  const { place, values, id } = entry;
  try {
    const all = await withInitImage({ ...common, ...values });
    return await Promise.all(Array.from({ length: count }, async (_, index) => {
      const wanted = variant(all, index);
      const name = id === undefined ? undefined : count === 1 ? id : `${id}-${index + 1}`;
      const request = buildRequest(wanted, name ?? "id");
      const own = name ?? await readableId(request, index);
      return { number: 0, place, request: { ...request, id: own } };
    }));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** `a-knight_0a1b2c3d4e5f`: words for people, and digits that tell all of the content apart. */
async function readableId(request: GenerateRequest, index: number): Promise<string> {
  const content = await contentId(request, index);
  return `${slugOf(request.prompt)}_${content.slice(0, ID_DIGITS)}`;
}

/**
 * The id that a request's own content gives it: the same for the same content, whatever the order of
 * its fields. 128 bits of SHA-256.
 *
 * @param index Tells several of the same content apart, from 0.
 */
export async function contentId(request: GenerateRequest, index: number): Promise<string> {
  const { id: _id, type: _type, ...content } = request;
  const text = canonicalJson(index === 0 ? content : { ...content, index });
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).slice(0, 16).toHex();
}

/** JSON with the keys of every map in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (item instanceof Uint8Array) return { bytes: item.toBase64() };
    const isMap = typeof item === "object" && item !== null && !Array.isArray(item);
    return isMap
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => a < b ? -1 : 1))
      : item;
  });
}
