/** Bytes that no honest client sends. Whatever they are, the next message must be served. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type JsonSchema, MAX_MESSAGE_BYTES } from "../../src/protocol/mod.ts";
import { MAX_DEPTH } from "../../src/protocol/scan.ts";
import { ProtocolError } from "../../src/errors.ts";
import {
  arbitrary,
  arbitraryMessage,
  assertWorking,
  decodeMessage,
  DIRECTIONS,
  encodeMessage,
  fromHex,
  GENERATE,
  type MessageType,
  messageTypes,
  pack,
  refusal,
  resolve,
} from "./support.ts";

/** `{"type": "ping", "x": …}`, to which a value must be added. */
const PING_WITH_X = "82 a474797065 a470696e67 a178";

function assertMalformed(bytes: Uint8Array, reason: RegExp): void {
  for (const direction of DIRECTIONS) {
    const error = refusal(() => decodeMessage(direction, bytes));
    assert.equal(error.code, "malformed");
    assert.match(error.message, reason);
    assert.equal(error.jobId, undefined);
    assertWorking();
  }
}

Deno.test("an empty body is malformed", () => {
  assertMalformed(new Uint8Array(0), /^Malformed message: it is empty$/);
});

Deno.test("whatever is no map is malformed, positional arrays included", () => {
  for (const value of [null, true, 5, -1, 2.5, "ping", ["ping"], new Uint8Array(4), new Date(0)]) {
    assertMalformed(pack(value), /expected a MessagePack map with string keys/);
  }
  assertMalformed(pack(Object.values(GENERATE)), /expected a MessagePack map/);
});

Deno.test("a body cut at any byte is malformed", () => {
  const whole = pack({ ...GENERATE, init_image: new Uint8Array(300), loras: [{ name: "é" }] });
  for (let length = 1; length < whole.length; length++) {
    const error = refusal(() => decodeMessage("request", whole.subarray(0, length)));
    assert.equal(
      error.message,
      `Malformed message: it ends after ${length} bytes, in the middle of a value`,
    );
  }
  assertWorking();
});

Deno.test("bytes after the message are malformed", () => {
  assertMalformed(fromHex(pack({ type: "ping" }).toHex(), "00"), /1 bytes follow the message/);
  const twice = pack({ type: "ping" }).toHex().repeat(2);
  assertMalformed(fromHex(twice), /11 bytes follow the message/);
});

Deno.test("a body nested too deep is malformed, however deep", () => {
  for (const depth of [MAX_DEPTH, 10_000, 500_000]) {
    assertMalformed(fromHex(PING_WITH_X, "91".repeat(depth), "c0"), /nested deeper than 32 levels/);
  }
  for (const depth of [MAX_DEPTH, 10_000, 300_000]) {
    assertMalformed(fromHex(PING_WITH_X, "81a161".repeat(depth), "c0"), /nested deeper than 32/);
  }
  assertMalformed(fromHex("81a161".repeat(10_000), "c0"), /nested deeper than 32/);
});

Deno.test("nesting up to the limit in an unknown field does no harm", () => {
  const bytes = fromHex(PING_WITH_X, "91".repeat(MAX_DEPTH - 1), "c0");
  assert.deepEqual(decodeMessage("request", bytes), { type: "ping" });
});

Deno.test("a length that the body does not have is malformed", () => {
  const heads = ["d9ff", "daffff", "dbffffffff", "c4ff", "c5ffff", "c6ffffffff", "dcffff"];
  heads.push("ddffffffff", "deffff", "dfffffffff", "c7ff05", "c8ffff05", "c9ffffffff05", "d805");
  for (const head of heads) {
    assertMalformed(fromHex(PING_WITH_X, head), /in the middle of a value/);
    assertMalformed(fromHex(PING_WITH_X, head, "00".repeat(10)), /middle of a value|not a string/);
  }
  assertMalformed(fromHex("dfffffffff"), /in the middle of a value/);
  assertMalformed(fromHex("df7fffffff", "a161 c0".repeat(9)), /in the middle of a value/);
});

Deno.test("nested arrays that claim more than there is are malformed", () => {
  const claims = "dd000fffff".repeat(MAX_DEPTH - 1);
  assertMalformed(fromHex(PING_WITH_X, claims, "c0".repeat(1_000)), /in the middle of a value/);
});

Deno.test("the byte that MessagePack leaves unused is malformed", () => {
  assertMalformed(fromHex(PING_WITH_X, "c1"), /0xc1/);
});

Deno.test("the same key twice in one map is malformed, at any depth", () => {
  assertMalformed(fromHex("82", "a474797065 a470696e67".repeat(2)), /the same key twice/);
  assertMalformed(fromHex(PING_WITH_X, "91 82", "a161 01 a161 02"), /the same key twice/);
  // The same key in a short and in a long form.
  assertMalformed(fromHex(PING_WITH_X, "82 a161 01 d90161 02"), /the same key twice/);
});

Deno.test("a map key that is not UTF-8, or has a byte order mark, is malformed", () => {
  for (const key of ["a1ff", "a2c3", "a2c080", "a3eda080", "a3efbbbf"]) {
    assertMalformed(fromHex(PING_WITH_X, "81", key, "01"), /a map key is not plain UTF-8/);
  }
});

Deno.test("broken UTF-8 of every kind is refused as text", () => {
  const broken = [
    "ff", // no such byte
    "80", // continues nothing
    "c3", // cut short
    "c080", // longer than need be
    "eda080", // half of a surrogate pair
    "f4908080", // beyond the last code point
  ];
  for (const bytes of broken) {
    for (const padding of ["", "61".repeat(250)]) {
      const size = ((bytes.length + padding.length) / 2).toString(16).padStart(4, "0");
      const jobId = `a66a6f625f6964 da${size} ${padding} ${bytes}`;
      const body = fromHex("82 a474797065 a663616e63656c", jobId);
      const error = refusal(() => decodeMessage("request", body));
      assert.match(
        error.message,
        /^Invalid parameter: job_id: .* got text that is not valid UTF-8$/,
      );
      assertWorking();
    }
  }
});

Deno.test("a __proto__ key changes no object", () => {
  const proto = "a95f5f70726f746f5f5f 81 a8706f6c6c75746564 c3";
  assertMalformed(fromHex("82", "a474797065 a470696e67", proto), /__proto__/);
  assertMalformed(fromHex(PING_WITH_X, "91 81", proto), /__proto__/);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("keys that every object inherits are unknown fields like any other", () => {
  const message = { type: "ping", constructor: { prototype: { polluted: 1 } }, toString: 1 };
  assert.deepEqual(decodeMessage("request", pack(message)), { type: "ping" });
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("a message over the limit is too large whatever it holds", () => {
  for (const fill of [0x00, 0x81, 0x91, 0xc1, 0xff]) {
    const bytes = new Uint8Array(MAX_MESSAGE_BYTES + 1).fill(fill);
    assert.equal(refusal(() => decodeMessage("request", bytes)).code, "too_large");
  }
  assertWorking();
});

Deno.test("a megabyte of text, bytes or extension in an unknown field is passed over", () => {
  const size = (MAX_MESSAGE_BYTES - 64).toString(16).padStart(8, "0");
  for (
    const [head, byte] of [[`db${size}`, "61"], [`db${size}`, "ff"], [`c6${size}`, "00"], [
      `c9${size}05`,
      "00",
    ]]
  ) {
    const bytes = fromHex(PING_WITH_X, head!, byte!.repeat(MAX_MESSAGE_BYTES - 64));
    assert.deepEqual(decodeMessage("request", bytes), { type: "ping" });
  }
});

Deno.test("a request of more than 4,000 values is malformed", () => {
  const withValues = (count: number) =>
    fromHex(PING_WITH_X, "dd", count.toString(16).padStart(8, "0"), "c0".repeat(count));
  // The map, its two keys, "ping" and the array are values too.
  assert.deepEqual(decodeMessage("request", withValues(3_995)), { type: "ping" });
  const error = refusal(() => decodeMessage("request", withValues(3_996)));
  assert.equal(error.message, "Malformed message: it has more than 4000 values");
  assertWorking();
});

Deno.test("a reply may have a megabyte of values", () => {
  const model = { name: "m", path: "p", model_type: "lora", size_mb: 1 };
  const message = { type: "model_list", models: Array(20_000).fill(model) };
  assert.deepEqual(decodeMessage("reply", pack(message)), message);
});

/** A value of every kind that MessagePack can carry. */
const kinds = [
  null,
  true,
  1.5,
  NaN,
  Infinity,
  -1,
  "\u0000",
  [],
  {},
  Uint8Array.of(0xff, 0xfe),
  new Date(0),
];

/** Whether a value of the kind may be right; what is right is not this file's matter. */
function mayFit(schema: JsonSchema, kind: unknown): boolean {
  const { type, minimum = -Infinity, minItems = 0, contentEncoding } = schema;
  if (schema.anyOf !== undefined) {
    return schema.anyOf.some((choice) => mayFit(resolve(choice), kind));
  }
  if (kind instanceof Uint8Array) return contentEncoding !== undefined;
  if (type === "boolean") return typeof kind === "boolean";
  if (type === "string") {
    return typeof kind === "string" && !schema.enum && !schema.const && !schema.pattern;
  }
  if (type === "integer") return kind === -1 && minimum <= -1;
  if (type === "number") {
    return (kind === 1.5 && schema.maximum !== 1) || (kind === -1 && minimum <= -1);
  }
  if (type === "object") return isPlainMap(kind) && schema.required === undefined;
  return Array.isArray(kind) && type === "array" && minItems === 0;
}

function isPlainMap(kind: unknown): boolean {
  return Object.getPrototypeOf(kind ?? 0) === Object.prototype;
}

/** Every field of a message that can be wrong, as the way to it. */
function fieldPaths(
  schema: JsonSchema,
): { path: string[]; field: JsonSchema; required: boolean }[] {
  return Object.entries(schema.properties!).flatMap(([name, declared]) => {
    const field = resolve(declared);
    const own = { path: [name], field, required: schema.required?.includes(name) ?? false };
    const inner = field.items ? resolve(field.items) : field;
    if (inner.properties === undefined) return [own];
    const way = field.items ? [name, "0"] : [name];
    return [own, ...fieldPaths(inner).map((one) => ({ ...one, path: [...way, ...one.path] }))];
  });
}

/** A message that has all fields, with one value in each array of maps. */
function fullMessage({ schema }: MessageType): Record<string, unknown> {
  const fields = Object.entries(schema.properties!)
    .filter(([name]) => !(schema.not && name === "lora"))
    .map(([name, field]) => [name, fullValue(field)]);
  return Object.fromEntries(fields);
}

function fullValue(declared: JsonSchema): unknown {
  const schema = resolve(declared);
  if (schema.items) return [fullValue(schema.items)];
  if (schema.properties === undefined) return fc.sample(arbitrary(schema), 1)[0];
  const fields = Object.entries(schema.properties);
  return Object.fromEntries(fields.map(([name, field]) => [name, fullValue(field)]));
}

function withValue(value: unknown, [key, ...rest]: string[], leaf: unknown): unknown {
  if (key === undefined) return leaf;
  if (Array.isArray(value)) return value.map((item) => withValue(item, rest, leaf));
  const fields = value as Record<string, unknown>;
  return { ...fields, [key]: withValue(fields[key], rest, leaf) };
}

for (const message of messageTypes()) {
  const { direction, type } = message;
  Deno.test(`${direction} ${type} refuses a wrong kind of value in every field, by name`, () => {
    const full = fullMessage(message);
    assert.deepEqual(decodeMessage(direction, pack(full)), full);
    for (const { path, field, required } of fieldPaths(message.schema)) {
      for (const kind of kinds) {
        if (mayFit(field, kind) || (kind === null && !required)) continue;
        const name = path.join(".");
        if (name === "type" && typeof kind === "string") continue;
        const bytes = pack(withValue(full, path, kind));
        const error = refusal(() => decodeMessage(direction, bytes));
        assert.equal(error.code, "invalid_parameter");
        assert(
          error.field === name || error.field!.startsWith(`${name}.`),
          `${name}: ${error.message}`,
        );
      }
    }
    assertWorking();
  });
}

/** Decodes what may be anything; only the one kind of error may come out. */
function survives(bytes: Uint8Array): void {
  for (const direction of DIRECTIONS) {
    try {
      decodeMessage(direction, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      assert(error.message.length < 300, error.message);
    }
  }
}

Deno.test("random bytes are a message or a ProtocolError, never another failure", () => {
  const body = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(body, survives), { numRuns: 1_000 });
  const mapBody = fc.tuple(fc.integer({ min: 0x80, max: 0x8f }), body);
  fc.assert(fc.property(mapBody, ([head, rest]) => survives(new Uint8Array([head, ...rest]))));
  assertWorking();
});

Deno.test("random values under the names of real fields are a message or a ProtocolError", () => {
  const names = messageTypes().flatMap(({ schema }) => Object.keys(schema.properties!));
  const types = messageTypes().map(({ type }) => type);
  const leaf = fc.oneof(
    ...kinds.map(fc.constant),
    fc.string(),
    fc.double(),
    fc.maxSafeInteger(),
    fc.constantFrom(...types),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value")),
      fc.dictionary(fc.constantFrom(...names), tie("value")),
    ),
  }));
  const message = fc.record({ type: fc.constantFrom(...types) }).chain((typed) =>
    fc.dictionary(fc.constantFrom(...names), value).map((fields) => ({ ...fields, ...typed }))
  );
  fc.assert(fc.property(message, (fields) => survives(pack(fields))), { numRuns: 1_000 });
  assertWorking();
});

Deno.test("a message with any byte changed is a message or a ProtocolError", () => {
  const change = fc.tuple(fc.nat(), fc.nat(255));
  for (const message of messageTypes()) {
    const packed = arbitraryMessage(message).map((value) =>
      encodeMessage(message.direction, value)
    );
    fc.assert(
      fc.property(packed, change, (bytes, [position, byte]) => {
        bytes[position % bytes.length] = byte;
        survives(bytes);
      }),
    );
  }
  assertWorking();
});
