/** Plain values to typed messages, and what to tell the sender of a wrong one. */

import type { z } from "zod";
import { ProtocolError } from "../errors.ts";
import { countCharacters } from "./characters.ts";
import { type JsonSchema, messagesJsonSchema } from "./json_schema.ts";
import { MAX_REQUEST_VALUES } from "./limits.ts";
import { generate, reply, request, update } from "./schemas.ts";
import { remedyFor, remedyForNothing, remedyForNoType } from "./remedies.ts";
import { type Container, isContainer, withoutNulls } from "./values.ts";
import type { Reply, Request, Update } from "./messages.ts";

/** The messages of one direction. */
export interface MessageSet<Message> {
  /** What one of them is called. */
  readonly noun: string;
  /** Most values in a message, map keys included. */
  readonly maxValues: number;
  /** The schemas by type tag. */
  readonly schemas: ReadonlyMap<string, z.ZodType<Message>>;
}

/** What clients send. */
export const requests: MessageSet<Request> = {
  noun: "request",
  maxValues: MAX_REQUEST_VALUES,
  schemas: new Map(request.options.map((schema) => [schema.shape.type.value, schema])),
};

/** What the worker answers. */
export const replies: MessageSet<Reply> = {
  noun: "reply",
  maxValues: Infinity, // a list of models may be long, and a client chose whom it asks
  schemas: new Map(reply.options.map((schema) => [schema.shape.type.value, schema])),
};

/** What the worker publishes. */
export const updates: MessageSet<Update> = {
  noun: "update",
  maxValues: Infinity,
  schemas: new Map(update.options.map((schema) => [schema.shape.type.value, schema])),
};

/** Longest text whose characters are counted for an error. */
const MAX_COUNTED_CHARS = 200_000;

/** Longest piece of a stranger's text that an error repeats. */
const MAX_ECHO_CHARS = 64;

/**
 * Checks a decoded map and returns the message it is, without the fields that are not known.
 *
 * A symbol stands for a value that no field can have; its description says what came.
 *
 * @throws {ProtocolError} `unknown_type` or `invalid_parameter`.
 */
export function validate<Message>(
  set: MessageSet<Message>,
  fields: Container,
  hasNulls: boolean,
  exact: () => Container = () => fields,
): Message {
  const { type } = fields;
  if (typeof type !== "string") {
    const remedy = type === undefined ? remedyForNoType(fields, set.schemas) : "";
    throw invalid(fields, "type", `expected a string, got ${describe(type)}${remedy}`);
  }
  const schema = set.schemas.get(type);
  if (schema === undefined) {
    throw new ProtocolError("unknown_type", `Unknown ${set.noun} type: ${printable(type)}`, {
      field: "type",
    });
  }
  const bytes = bytesForMap(schema, fields);
  if (bytes !== undefined) throw invalid(fields, bytes, "expected a map", fields[bytes]);
  const result = schema.safeParse(hasNulls ? withoutNulls(fields) : fields);
  if (result.success) return result.data;
  throw explain({ fields, exact }, type, result.error.issues[0]!);
}

/** The field that is a map, but came as bytes, which zod takes for a map without fields. */
function bytesForMap(schema: z.ZodType, fields: Container): string | undefined {
  const { shape = {} } = schema as Partial<z.ZodObject<z.ZodRawShape>>;
  return Object.keys(fields).find((name) => {
    if (!(fields[name] instanceof Uint8Array) || !Object.hasOwn(shape, name)) return false;
    const { def } = (shape[name] as z.ZodOptional)._zod;
    return def.type === "optional" && (def.innerType as z.ZodType)._zod.def.type === "object";
  });
}

function explain(
  { fields, exact }: { fields: Container; exact: () => Container },
  type: string,
  issue: z.core.$ZodIssue,
): ProtocolError {
  const path = issue.path.map(String);
  const field = path.join(".");
  if (issue.code === "custom" && issue.message !== UNNAMED_FAULT) {
    return invalid(fields, field, issue.message);
  }
  const schema = schemaAt(type, path);
  const value = valueAt(fields, path);
  const remedy = value === undefined
    ? remedyForNothing(valueAt(fields, path.slice(0, -1)), path.at(-1) ?? "")
    : remedyFor(schema.type, value);
  const reason = `expected ${expectation(schema)}, got ${
    describe(exactly(value, exact, path))
  }${remedy}`;
  return invalid(fields, field, reason);
}

/** An integer digit by digit where it is still known: that far a number is only near it. */
function exactly(value: unknown, exact: () => Container, path: readonly string[]): unknown {
  return isUnsafeInteger(value) ? valueAt(exact(), path) : value;
}

function isUnsafeInteger(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** What zod says when a check has no words of its own. */
const UNNAMED_FAULT = "Invalid input";

/** The error for a bad field; it carries the job's id if the sender can expect a `job_error`. */
function invalid(
  fields: Container,
  field: string,
  reason: string,
  ...got: [] | [unknown]
): ProtocolError {
  const came = got.length === 0 ? "" : `, got ${describe(got[0])}`;
  return new ProtocolError("invalid_parameter", `Invalid parameter: ${field}: ${reason}${came}`, {
    field,
    ...jobIdOf(fields),
  });
}

function jobIdOf(fields: Container): { jobId?: string } {
  if (fields.type !== "generate") return {};
  const id = generate.shape.id.safeParse(fields.id);
  return id.success ? { jobId: id.data } : {};
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (inner: unknown, key) =>
      isContainer(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined,
    value,
  );
}

let document: JsonSchema | undefined;

function schemaAt(type: string, path: readonly string[]): JsonSchema {
  document ??= messagesJsonSchema();
  const messages = Object.values(document.$defs!);
  const message = messages.find((schema) => schema.properties?.type?.const === type);
  if (message === undefined) throw new Error(`The JSON Schema has no name for the message ${type}`);
  return path.reduce((schema, key) => resolve(childOf(schema, key)), message);
}

function childOf(schema: JsonSchema, key: string): JsonSchema {
  // Of several kinds the first that has such a part: zod tells of the one that came nearest.
  const kind = schema.anyOf?.map(resolve).find((one) => one.properties ?? one.prefixItems);
  if (kind !== undefined) return childOf(kind, key);
  return schema.properties?.[key] ?? schema.prefixItems?.[Number(key)] ?? (schema.items || {});
}

function resolve(schema: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  return document!.$defs![schema.$ref.slice("#/$defs/".length)]!;
}

/** What a schema allows, in plain words. */
function expectation(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(alternative).join(" or ");
  if (schema.enum?.length === 1) return `"${schema.enum[0]}"`;
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  switch (schema.type) {
    case "integer":
      return `an integer from ${schema.minimum} to ${schema.maximum}`;
    case "number":
      return `a number${numberRange(schema)}`;
    case "string":
      if (schema.pattern !== undefined) return schema.description ?? "another string";
      return schema.contentEncoding === undefined ? `a string${textRange(schema)}` : "bytes";
    case "boolean":
      return "true or false";
    case "array":
      return `an array${itemRange(schema)}`;
    default:
      return "a map";
  }
}

function numberRange({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}

function textRange({ minLength = 0, maxLength }: JsonSchema): string {
  if (maxLength === undefined) return "";
  return minLength === 0
    ? ` of at most ${maxLength} characters`
    : ` of ${minLength} to ${maxLength} characters`;
}

function itemRange({ minItems, maxItems }: JsonSchema): string {
  if (maxItems === undefined) return "";
  return minItems === maxItems ? ` of ${counted(maxItems)}` : ` of at most ${counted(maxItems)}`;
}

/** One of several kinds; which part of an array is wrong, is told only where there is but one kind. */
function alternative(schema: JsonSchema): string {
  const parts = new Set((schema.prefixItems ?? []).map((item) => expectation(resolve(item))));
  const [each] = parts;
  return expectation(schema) + (parts.size === 1 ? `, each ${each},` : "");
}

function counted(values: number): string {
  return values === 1 ? "1 value" : `${values} values`;
}

/** A value in a few words, fit for a log and a terminal whatever a stranger has put in it. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return String(value);
  if (isUnsafeInteger(value)) return "an integer beyond 2^53";
  if (value === null || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  if (typeof value === "symbol") return value.description!;
  if (typeof value === "string") return describeText(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return Array.isArray(value) ? `an array of ${counted(value.length)}` : "a map";
}

function describeText(text: string): string {
  if (text.length <= MAX_ECHO_CHARS) return `"${printable(text)}"`;
  // A megabyte takes long to count.
  if (text.length > MAX_COUNTED_CHARS) {
    return `a string of more than ${MAX_COUNTED_CHARS / 2} characters`;
  }
  return `a string of ${countCharacters(text)} characters`;
}

/** Control and format characters (line breaks, reversed writing) could deceive who reads them. */
function printable(text: string): string {
  const chars = Array.from(text.slice(0, 2 * MAX_ECHO_CHARS)).slice(0, MAX_ECHO_CHARS).join("");
  const shown = chars.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "?");
  return shown.length < text.length ? `${shown}…` : shown;
}
