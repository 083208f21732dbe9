/** The lists of fields of the wire specification against the schemas. */

import assert from "node:assert/strict";
import { type JsonSchema, messagesJsonSchema } from "../../src/protocol/mod.ts";
import { resolve } from "./support.ts";

const readme = await Deno.readTextFile(
  new URL("../../src/protocol/README.md", import.meta.url),
);

/** What the README must say of a field: name, type with limits, needed. */
type Row = [field: string, type: string, needed: string];

const number = new Intl.NumberFormat("en-US");

function numberRange({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  if (exclusiveMinimum !== undefined) return `> ${exclusiveMinimum}`;
  if (maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return `≥ ${minimum}`;
  return `${minimum}${Number(minimum) < 0 ? " to " : "–"}${number.format(maximum)}`;
}

function nameOf(schema: JsonSchema): string {
  if (schema.$ref === undefined) return typeWords(schema);
  return String(resolve(schema).properties?.type?.const ?? schema.$ref.split("/").at(-1));
}

function textWords(
  { contentEncoding, description, pattern, minLength = 0, maxLength }: JsonSchema,
): string {
  if (contentEncoding !== undefined) return "bin";
  if (pattern !== undefined) return `str: ${description}`;
  if (maxLength === undefined) return "str";
  if (minLength === 1 && maxLength === 512) return "name";
  const range = minLength === 0 ? "≤ " : `${minLength}–`;
  return `str, ${range}${number.format(maxLength)} chars`;
}

function typeWords(schema: JsonSchema): string {
  const { anyOf, prefixItems, items, maxItems } = schema;
  if (schema.$ref !== undefined) return `map: ${nameOf(schema)}`;
  if (anyOf !== undefined) return anyOf.map(typeWords).join(", or ");
  if (schema.enum !== undefined) {
    return `str: ${schema.enum.map((value) => `\`${value}\``).join(", ")}`;
  }
  if (prefixItems !== undefined) {
    const kinds = prefixItems.map(({ type }) => type === "integer" ? "int" : "float").join(", ");
    return `[${kinds}], each ${numberRange(prefixItems[0]!)}`;
  }
  if (items) return `array of ${maxItems ? `≤ ${maxItems} ` : ""}${nameOf(items)}`;
  switch (schema.type) {
    case "integer":
      return numberRange(schema) === "≥ 0" ? "uint" : `int, ${numberRange(schema)}`;
    case "number":
      return `float, ${numberRange(schema)}`;
    case "boolean":
      return "bool";
    default:
      return textWords(schema);
  }
}

/** The list of fields under a heading, or of the one that it names in place of its own. */
function fieldsUnder(heading: string): Row[] | undefined {
  const start = readme.search(new RegExp(`\\n####? ${RegExp.escape(heading)}\\n`));
  if (start < 0) return undefined;
  const section = readme.slice(start + 1).split(/\n##/, 1)[0]!;
  const same = /^The fields of \[(`\w+`)\]/m.exec(section)?.[1];
  if (same !== undefined && same !== heading) return fieldsUnder(same);
  return [...section.replaceAll("\n  ", " ").matchAll(/^- `(\w+)`(\??) \((.+?)\): /gm)]
    .map(([, field, mark, type]) => [field!, type!, mark === "" ? "needed" : "optional"]);
}

const { $defs } = messagesJsonSchema();

/** The fields of every update, which README.md describes once. */
const NUMBERS = ["epoch", "seq"];

Deno.test("README.md describes the numbers of updates as they are", () => {
  const numbered = Object.values($defs!).filter(({ properties }) => properties?.seq !== undefined);
  assert.ok(numbered.length > 4);
  for (const { properties, required } of numbered) {
    const expected = NUMBERS.map((field): Row => [
      field,
      typeWords(properties![field]!),
      required!.includes(field) ? "needed" : "optional",
    ]);
    assert.deepEqual(fieldsUnder("Numbers"), expected);
  }
});

for (const [name, { properties, required }] of Object.entries($defs!)) {
  if (properties === undefined) continue;
  const type = properties.type?.const;
  const heading = type === undefined ? name : `\`${type}\``;

  Deno.test(`README.md describes ${heading} as it is`, () => {
    const expected = Object.entries(properties)
      .filter(([field]) => field !== "type" || type === undefined)
      .filter(([field]) => properties.seq === undefined || !NUMBERS.includes(field))
      .map(([field, schema]): Row => [
        field,
        typeWords(schema),
        required?.includes(field) ? "needed" : "optional",
      ]);
    const fields = fieldsUnder(heading);
    assert(fields !== undefined, `src/protocol/README.md lacks "### ${heading}" and its fields`);
    assert.deepEqual(fields, expected);
  });
}

Deno.test("README.md describes no message that is not there", () => {
  const headings = [...readme.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading!);
  const known = Object.entries($defs!)
    .filter(([, { properties }]) => properties !== undefined)
    .map(([name, { properties }]) =>
      properties!.type?.const === undefined ? name : `\`${properties!.type!.const}\``
    );
  assert.deepEqual(headings.toSorted(), known.toSorted());
});

Deno.test("README.md links only to headings that are there", () => {
  const anchors = new Set(
    [...readme.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
    ),
  );
  const links = [...readme.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
  assert(links.length > 0);
  assert.deepEqual(links.filter((anchor) => !anchors.has(anchor)), []);
});
