/** Makes requests of the protocol's own schema: each field there or not, at its edges, or just over one. */

import schema from "../../src/protocol/schema.json" with { type: "json" };
import type { Random } from "../simulation/world/random.ts";
import { STRANGE } from "./mutate.ts";

/** What is read of a JSON Schema. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly contentEncoding?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

const DEFINITIONS = schema.$defs as unknown as Readonly<Record<string, Schema>>;

/** Names of which some are known, so that requests meet. */
const NAMES: Readonly<Record<string, (random: Random) => unknown>> = {
  id: drawId,
  job_id: drawId,
  model: () => "sd_xl_base_1.0.safetensors",
  size: (random) => [64 * random.whole(1, 8), 64 * random.whole(1, 8)],
  cursor: (random) => String(random.whole(0, 2_000)),
};

/** A third are of some that come again and again, others are hardly ever met. */
export function drawId(random: Random): string {
  return `job-${Math.floor(random.next() ** 4 * 100_000)}`;
}

/** A request. */
export function drawRequest(random: Random): unknown {
  // One request in four breaks no rule, one has few fields, one many.
  const rates = {
    wrong: random.pick([0, 0.02, 0.1, 0.3]),
    optional: random.pick([0.05, 0.3, 0.8]),
  };
  const name = random.chance(0.5) ? "GenerateRequest" : "Request";
  return draw(random, DEFINITIONS[name]!, rates);
}

interface Rates {
  /** How often a value is wrong. */
  readonly wrong: number;
  /** How often a field is there that need not be. */
  readonly optional: number;
}

function draw(random: Random, schema: Schema, rates: Rates): unknown {
  if (random.chance(rates.wrong / 4)) return structuredClone(one(random, STRANGE));
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return draw(random, one(random, choices), rates);
  if (schema.$ref !== undefined) {
    return draw(random, DEFINITIONS[schema.$ref.split("/").at(-1)!]!, rates);
  }
  if ("const" in schema) return schema.const;
  if (schema.enum !== undefined) return one(random, schema.enum);
  switch (schema.type) {
    case "object":
      return drawObject(random, schema, rates);
    case "array":
      return drawList(random, schema, rates);
    case "string":
      return drawText(random, schema, rates);
    case "boolean":
      return random.chance(0.5);
    default:
      return drawNumber(random, schema, rates);
  }
}

function drawObject(random: Random, schema: Schema, rates: Rates): unknown {
  const fields: [string, unknown][] = [];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const isNeeded = schema.required?.includes(name) === true;
    if (!random.chance(isNeeded ? 1 - rates.wrong / 4 : rates.optional)) continue;
    const known = random.chance(rates.wrong) ? undefined : NAMES[name];
    fields.push([name, known === undefined ? draw(random, field, rates) : known(random)]);
  }
  if (random.chance(rates.wrong)) {
    fields.push([
      random.pick(["__proto__", "constructor", "", "a".repeat(5_000)]),
      one(random, STRANGE),
    ]);
  }
  return Object.fromEntries(fields);
}

function drawList(random: Random, schema: Schema, rates: Rates): unknown {
  const { prefixItems, items, maxItems = 8 } = schema;
  if (prefixItems !== undefined) return prefixItems.map((item) => draw(random, item, rates));
  const most = random.chance(0.02) ? maxItems : Math.min(3, maxItems);
  const length = random.whole(0, most) + (random.chance(rates.wrong / 4) ? maxItems : 0);
  return Array.from({ length }, () => draw(random, items as Schema, rates));
}

function drawText(random: Random, schema: Schema, rates: Rates): unknown {
  const { minLength = 0, maxLength = 64 } = schema;
  const isWrong = random.chance(rates.wrong);
  const most = random.chance(0.02) ? maxLength : Math.min(20, maxLength);
  const length = isWrong
    ? random.pick([0, minLength, maxLength + 1])
    : random.whole(minLength, most);
  if (schema.contentEncoding !== undefined) {
    return Uint8Array.from({ length }, () => random.whole(0, 255));
  }
  return one(random, ["a", "é", "/", ".", "猫", " ", "\0", '"']).repeat(length).slice(0, length);
}

function drawNumber(random: Random, schema: Schema, rates: Rates): unknown {
  const { minimum, exclusiveMinimum = 0, maximum = 1e6 } = schema;
  const least = minimum ?? exclusiveMinimum;
  if (random.chance(rates.wrong)) {
    return one(random, [least - 1, maximum + 1, NaN, Infinity, -0, least + 0.5, exclusiveMinimum]);
  }
  if (random.chance(0.3)) return one(random, [minimum ?? 1, maximum]);
  const drawn = random.between(least, maximum);
  return schema.type === "integer" ? Math.floor(drawn) : drawn;
}

function one<T>(random: Random, some: readonly T[]): T {
  return some[random.whole(0, some.length - 1)]!;
}
