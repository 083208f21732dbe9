import assert from "node:assert/strict";
import fc from "fast-check";
import { sureRequest } from "../../src/protocol/sure.ts";
import { requests, validate } from "../../src/protocol/validate.ts";
import type { JsonSchema } from "../../src/protocol/mod.ts";
import { messageTypes, resolve } from "./support.ts";

type Fields = Record<string, unknown>;

/** What the schemas make of a map; undefined if they refuse it. */
function judged(fields: Fields): unknown {
  try {
    return validate(requests, fields, false);
  } catch {
    return undefined;
  }
}

/** Both take the same, with the same outcome, down to the order of its fields. */
function assertAgree(fields: Fields): void {
  const [sure, wanted] = [sureRequest(fields), judged(fields)];
  assert.deepEqual(sure, wanted);
  assert.equal(String(keysOf(sure)), String(keysOf(wanted)));
}

function keysOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).map(([key, part]) => [key, keysOf(part)]);
}

/** Values such as no field or nearly none takes. No message holds undefined, which the schemas take for absent. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  "",
  "auto",
  "auto\n",
  "#1a1c2c",
  "#1a1c2",
  "toString",
  "\u{1F409}",
  "\ud800",
  NaN,
  Infinity,
  -Infinity,
  -0,
  0.5,
  2 ** 53,
  -(2 ** 53),
  1n,
  Symbol("x"),
  [],
  {},
  [undefined],
  [1, 2, 3],
  ["a"],
  new Array(2),
  new Uint8Array(),
  new Uint8Array(3),
  { name: "a" },
  { url: "u" },
  new Date(0),
];

function numbersAround(limit: number | undefined): number[] {
  return limit === undefined ? [] : [limit - 1, limit - 0.5, limit, limit + 0.5, limit + 1];
}

function textsAround(limit: number | undefined): string[] {
  if (limit === undefined) return [];
  const lengths = [limit - 1, limit, limit + 1].filter((length) => length >= 0);
  return lengths.flatMap((length) => ["a".repeat(length), "\u{1F409}".repeat(length)]);
}

/** Values that come near to what a schema wants, those that it takes among them. */
function near(schema: JsonSchema): unknown[] {
  const own = resolve(schema);
  const { anyOf = [], prefixItems = [], items, properties = {} } = own;
  const item = items === undefined || items === false ? [] : near(items as JsonSchema);
  const some = item.find((value) => judgedAs(items as JsonSchema, value));
  const lists = some === undefined ? [] : [
    ...item.map((value) => [value]),
    ...[own.maxItems ?? 3, (own.maxItems ?? 3) + 1].map((length) => Array(length).fill(some)),
  ];
  const pairs = prefixItems.length === 0
    ? []
    : near(prefixItems[0]!).flatMap((value) => [[value, value], [value], [value, 64], [64, value]]);
  const maps = Object.entries(properties).flatMap(([name, inner]) =>
    near(inner).map((value) => ({ ...minimal(own), [name]: value, unknown: 1 }))
  );
  return [
    ...ODD,
    ...(own.enum ?? []),
    ...[own.minimum, own.maximum, own.exclusiveMinimum].flatMap(numbersAround),
    ...[own.minLength, own.maxLength].flatMap(textsAround),
    ...anyOf.flatMap(near),
    ...lists,
    ...pairs,
    ...maps,
  ];
}

/** Good enough to fill lists with. */
function judgedAs(schema: JsonSchema, value: unknown): boolean {
  const { type, enum: words, minLength = 0, minimum = -Infinity, maximum = Infinity } = resolve(
    schema,
  );
  if (words !== undefined) return words.includes(value as never);
  if (type === "string") return typeof value === "string" && value.length >= minLength;
  if (type === "integer") {
    return Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
  }
  return type === "object" && typeof value === "object" && value !== null && "name" in value;
}

/** The fields that a map must have. */
function minimal(schema: JsonSchema): Fields {
  const { required = [], properties = {} } = resolve(schema);
  return Object.fromEntries(required.map((name) => {
    const inner = resolve(properties[name]!);
    return [name, inner.const ?? simple(inner)];
  }));
}

function simple({ type }: JsonSchema): unknown {
  if (type === "array") return [64, 64];
  if (type === "boolean") return true;
  return type === "string" ? "a" : 20;
}

const types = messageTypes().filter(({ direction }) => direction === "request");

for (const { type, schema } of types) {
  Deno.test(`sureRequest() takes of ${type} what the schema takes, and nothing else`, () => {
    const least = minimal(schema);
    assert.notEqual(judged(least), undefined, JSON.stringify(least));
    assertAgree(least);
    let taken = 0;
    for (const name of Object.keys(schema.properties!)) {
      for (const value of near(schema.properties![name]!)) {
        const fields = { ...least, [name]: value };
        assertAgree(fields);
        if (sureRequest(fields) !== undefined) taken += 1;
      }
      const { [name]: _, ...rest } = least;
      assertAgree(rest);
    }
    assert.ok(taken >= Object.keys(schema.properties!).length - 1, `Only ${taken} were taken`);
  });
}

Deno.test("sureRequest() and the schema agree on many fields at once", () => {
  const { schema } = types.find(({ type }) => type === "generate")!;
  const least = minimal(schema);
  const values = Object.fromEntries(
    Object.entries(schema.properties!).map(([name, inner]) => {
      const taken = near(inner).filter((value) => judged({ ...least, [name]: value }));
      return [name, fc.option(fc.constantFrom(...near(inner).slice(0, 3), ...taken))];
    }),
  );
  fc.assert(fc.property(fc.record(values), (drawn) => {
    const given = Object.entries(drawn).filter(([, value]) => value !== null);
    assertAgree({ ...least, ...Object.fromEntries(given) });
  }));
});

Deno.test("sureRequest() leaves what is no request of a known type to the schemas", () => {
  for (const type of ["pong", "toString", "__proto__", 1, undefined, null, ["ping"]]) {
    assert.equal(sureRequest({ type }), undefined);
  }
});
