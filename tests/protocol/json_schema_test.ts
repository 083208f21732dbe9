import assert from "node:assert/strict";
import { type JsonSchema, messagesJsonSchema } from "../../src/protocol/mod.ts";
import { messageTypes } from "./support.ts";

/** Every schema inside a schema, itself included. */
function* walk(value: unknown): Generator<JsonSchema> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value;
  for (const inner of Object.values(value)) yield* walk(inner);
}

Deno.test("messagesJsonSchema() is plain JSON in the dialect it names", () => {
  const document = messagesJsonSchema();
  assert.equal(document.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
});

Deno.test("messagesJsonSchema() has all references it uses, and no other identifiers", () => {
  const document = messagesJsonSchema();
  const references = [...walk(document)].flatMap(({ $ref }) => $ref === undefined ? [] : [$ref]);
  assert(references.length > 30);
  for (const reference of references) {
    assert.match(reference, /^#\/\$defs\/\w+$/);
    assert(document.$defs![reference.slice("#/$defs/".length)], reference);
  }
  assert.equal(JSON.stringify(document).includes('"$id"'), false);
});

Deno.test("messagesJsonSchema() allows unknown fields everywhere", () => {
  const text = JSON.stringify(messagesJsonSchema());
  assert.equal(text.includes("additionalProperties"), false);
  assert.equal(text.includes("unevaluatedProperties"), false);
});

Deno.test("messagesJsonSchema() tags every message and requires its tag", () => {
  const types = messageTypes();
  assert(types.length >= 8 + 11 + 6);
  const tagless = types.filter(({ schema }) => !schema.required?.includes("type"));
  assert.deepEqual(tagless.map(({ direction, type }) => `${direction} ${type}`), []);
});

Deno.test("messagesJsonSchema() has a definition of every message, by a name of json_schema.ts", () => {
  const { $defs = {} } = messagesJsonSchema();
  const nameless = ["Request", "Reply", "Update"].flatMap((union) =>
    ($defs[union]?.oneOf ?? []).filter(({ $ref }) => $ref === undefined)
      .map(({ properties }) => `${union} ${properties?.type?.const}`)
  );
  assert.deepEqual(nameless, []);
});

Deno.test("messagesJsonSchema() describes a generate by the limits of the wire", () => {
  const { GenerateRequest } = messagesJsonSchema().$defs!;
  const { properties, required, not } = GenerateRequest!;
  assert.deepEqual(required, ["type", "id", "prompt", "model", "size", "steps", "cfg_scale"]);
  assert.deepEqual(not, { required: ["lora", "loras"] });
  assert.deepEqual(properties!.prompt, { type: "string", minLength: 0, maxLength: 10_000 });
  assert.deepEqual(properties!.seed, { type: "integer", minimum: 0, maximum: 2 ** 53 - 1 });
  assert.deepEqual(properties!.init_image, {
    anyOf: [
      { type: "string", minLength: 1, maxLength: 512 },
      { type: "string", contentEncoding: "base64", minLength: 1 },
    ],
  });
});

Deno.test("src/protocol/schema.json is the schema; `deno task cli schema` writes it anew", async () => {
  const file = new URL("../../src/protocol/schema.json", import.meta.url);
  const text = await Deno.readTextFile(file);
  assert.deepEqual(JSON.parse(text), messagesJsonSchema());
});
