/** The messages as tests see them: by direction and type, with a generator of each. */

import assert from "node:assert/strict";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { ProtocolError } from "../../src/errors.ts";
import {
  decodeReply,
  decodeRequest,
  decodeUpdate,
  encodeReply,
  encodeRequest,
  encodeUpdate,
  type GenerateRequest,
  type JsonSchema,
  messagesJsonSchema,
  type Reply,
  type Request,
  type Update,
} from "../../src/protocol/mod.ts";

export type Direction = "request" | "reply" | "update";

export const DIRECTIONS: readonly Direction[] = ["request", "reply", "update"];

const document = messagesJsonSchema();

/** One message type of one direction. */
export interface MessageType {
  direction: Direction;
  type: string;
  schema: JsonSchema;
}

/** Every message type, in the order of the unions. `job_complete` and `job_error` go both ways. */
export function messageTypes(): MessageType[] {
  const unions = { request: "Request", reply: "Reply", update: "Update" };
  return DIRECTIONS.flatMap((direction) =>
    document.$defs![unions[direction]]!.oneOf!.map(resolve).map((schema) => ({
      direction,
      type: String(schema.properties!.type!.const),
      schema,
    }))
  );
}

/** The schema itself or, for a reference, the definition that it points to. */
export function resolve(schema: JsonSchema): JsonSchema {
  return schema.$ref === undefined ? schema : document.$defs![schema.$ref.split("/").at(-1)!]!;
}

export function decodeMessage(direction: Direction, bytes: Uint8Array): Request | Reply | Update {
  if (direction === "request") return decodeRequest(bytes);
  return direction === "reply" ? decodeReply(bytes) : decodeUpdate(bytes);
}

export function encodeMessage(direction: Direction, message: unknown): Uint8Array {
  if (direction === "request") return encodeRequest(message as Request);
  return direction === "reply" ? encodeReply(message as Reply) : encodeUpdate(message as Update);
}

/** Random values that a schema allows, required fields only or with any of the optional ones. */
export function arbitrary(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { $ref, anyOf, properties, prefixItems, minLength = 0, maxLength = 40 } = schema;
  if ($ref !== undefined) return arbitrary(resolve(schema));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(arbitrary));
  if (properties !== undefined) return arbitraryMap(properties, schema.required!);
  if (prefixItems !== undefined) return fc.tuple(...prefixItems.map(arbitrary));
  const { minimum = -1e6, maximum = 1e300, exclusiveMinimum } = schema;
  switch (schema.type) {
    case "string":
      if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
      if (schema.contentEncoding !== undefined) return fc.uint8Array({ minLength, maxLength: 300 });
      return fc.string({ minLength, maxLength: Math.min(maxLength, 300), unit: "binary" });
    case "integer":
      return fc.integer({ min: minimum, max: maximum });
    case "number":
      return fc.double({
        min: exclusiveMinimum ?? minimum,
        minExcluded: exclusiveMinimum !== undefined,
        max: maximum,
        noNaN: true,
      }).map((value) => value === 0 ? 0 : value); // the wire's integer 0 has no sign
    case "boolean":
      return fc.boolean();
    default:
      return fc.array(arbitrary(schema.items as JsonSchema), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 20, 20),
      });
  }
}

function arbitraryMap(
  properties: Record<string, JsonSchema>,
  required: string[],
): fc.Arbitrary<unknown> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(properties)) fields[name] = arbitrary(field);
  return fc.record(fields, { requiredKeys: required, noNullPrototype: true });
}

/** A random message. */
export function arbitraryMessage({ schema }: MessageType): fc.Arbitrary<Record<string, unknown>> {
  return (arbitrary(schema) as fc.Arbitrary<Record<string, unknown>>).map((message) => {
    if ("lora" in message) delete message.loras; // a request may have only one of the two
    return message;
  });
}

/** A valid `generate` with the required fields only. */
export const GENERATE: GenerateRequest = {
  type: "generate",
  id: "job-1",
  prompt: "a knight",
  model: "sdxl.safetensors",
  size: [1024, 768],
  steps: 20,
  cfg_scale: 7.5,
};

/** The bytes of any value, valid or not. */
export function pack(value: unknown): Uint8Array {
  return encode(value);
}

/** The bytes of hexadecimal digits; spaces do not matter. */
export function fromHex(...hex: string[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex.join("").replaceAll(" ", ""));
}

/** Runs what must fail with a ProtocolError, and returns the error. */
export function refusal(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    assert(error instanceof ProtocolError, `not a ProtocolError: ${error}`);
    return error;
  }
  assert.fail("expected a ProtocolError");
}

/** Checks that the codec still does what it is for. */
export function assertWorking(): void {
  assert.deepEqual(decodeRequest(encodeRequest(GENERATE)), GENERATE);
}
