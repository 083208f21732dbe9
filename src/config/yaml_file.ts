/** Reads the configuration file: text in, settings with their positions out. Expands nothing. */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";
import { ConfigError } from "../errors.ts";
import type { Origin } from "./config.ts";
import { type Complain, type Given, type GivenValue, printable, quote } from "./given.ts";
import { sectionsOf, suggest } from "./suggest.ts";

/** Longest file in UTF-16 code units; a real one has some 2,000. */
export const MAX_FILE_CHARS = 262_144;

/** The library quotes the text at fault, however long that is. */
const MAX_REASON_CHARS = 200;

/** The tags that say no more than the plain value does. */
const PLAIN_TAGS = ["str", "int", "float", "bool", "null"].map((tag) => `tag:yaml.org,2002:${tag}`);

/** What a file says. */
export interface FileContent {
  /** By path in the file, known settings only. */
  readonly given: ReadonlyMap<string, Given>;
  /** One sentence for each key that has no effect. */
  readonly warnings: readonly string[];
}

/** What the functions below share while they read one file. */
interface Reading {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly knownPaths: readonly string[];
  readonly complain: Complain;
  readonly given: Map<string, Given>;
  readonly warnings: string[];
}

/** An entry of a map. */
interface Entry {
  readonly key: string;
  /** Null where the key stands alone. */
  readonly value: Node | null;
  /** Position of the key. */
  readonly place: string;
}

/**
 * Reads the text of a configuration file.
 *
 * Only places where a known setting can stand are looked at, and aliases are followed one at a time,
 * so that no file can make this grow beyond its own size.
 *
 * @throws {ConfigError} `unreadable` when it is not YAML. What is wrong with single values goes to
 *   `complain` instead.
 */
export function readYaml(
  text: string,
  file: string,
  knownPaths: readonly string[],
  complain: Complain,
): FileContent {
  const lines = new LineCounter();
  const document = parse(text.replace(/^\ufeff/, ""), file, lines);
  const given = new Map<string, Given>();
  const warnings: string[] = [];
  const reading = { file, document, lines, knownPaths, complain, given, warnings };
  const root = document.contents;
  if (root === null || isNull(root)) return reading;
  if (isMap(root)) readRoot(reading, root);
  else {complain(
      `${where(reading, root)}: the file must be a map of sections, got ${describe(root)}`,
    );}
  return reading;
}

function parse(text: string, file: string, lines: LineCounter): Document {
  if (text.length > MAX_FILE_CHARS) {
    const limit = `longer than ${MAX_FILE_CHARS} characters`;
    throw new ConfigError("unreadable", `Configuration file ${file} is ${limit}; check its name`);
  }
  const document = parseOrExplain(text, file, lines);
  // The faults that follow the first are mostly its echo.
  const [fault] = document.errors;
  if (fault === undefined) return document;
  const { line, col } = lines.linePos(fault.pos[0]);
  throw new ConfigError(
    "unreadable",
    `${file}:${line}:${col}: not valid YAML: ${reasonOf(fault)}`,
    {
      cause: fault,
    },
  );
}

function reasonOf(fault: YAMLParseError): string {
  if (fault.code === "MULTIPLE_DOCS") return "only one document is allowed";
  // The library reports its own stack overflow as a fault of the text, and so it is.
  if (/call stack/i.test(fault.message)) return "nested too deeply";
  return printable(fault.message.slice(0, MAX_REASON_CHARS));
}

function parseOrExplain(text: string, file: string, lines: LineCounter): Document {
  try {
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  } catch (cause) {
    // The library's build for Node looks at two variables of its own while it parses.
    const message = cause instanceof Deno.errors.NotCapable
      ? `Cannot read ${file}: its parser asks for two variables; ` +
        "start Deno with --ignore-env=LOG_STREAM,LOG_TOKENS"
      : `Cannot read ${file} as YAML: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ConfigError("unreadable", message, { cause });
  }
}

function readRoot(reading: Reading, root: YAMLMap): void {
  const sections = sectionsOf(reading.knownPaths);
  for (const { key, value, place } of entries(reading, root, "")) {
    if (!sections.includes(key)) {
      warnUnknown(reading, place, undefined, key);
      continue;
    }
    const node = resolve(reading, value);
    if (node === undefined || isNull(node)) continue;
    if (isMap(node)) readSection(reading, node, key);
    else reading.complain(`${place}: ${key} must be a map of settings, got ${describe(node)}`);
  }
}

function readSection(reading: Reading, map: YAMLMap, section: string): void {
  for (const { key, value, place } of entries(reading, map, `${section}.`)) {
    const path = `${section}.${key}`;
    if (!reading.knownPaths.includes(path)) {
      warnUnknown(reading, place, section, key);
      continue;
    }
    const node = resolve(reading, value);
    if (value === null || node === undefined || isNull(node)) continue;
    const given = readGiven(reading, path, node, value);
    if (given !== undefined) reading.given.set(path, given);
  }
}

function warnUnknown(
  reading: Reading,
  place: string,
  section: string | undefined,
  key: string,
): void {
  const name = bare(section === undefined ? key : `${section}.${key}`);
  reading.warnings.push(
    `${place}: unknown key ${name}${suggest(section, key, reading.knownPaths)}`,
  );
}

/** The entries of a map, each key once. */
function* entries(reading: Reading, map: YAMLMap, prefix: string): Generator<Entry> {
  const places = new Map<string, string>();
  for (const pair of map.items as Pair<Node, Node | null>[]) {
    const place = where(reading, pair.key);
    const key = scalarText(pair.key);
    if (key === undefined) {
      reading.complain(`${place}: a key must be a plain name, got ${describe(pair.key)}`);
      continue;
    }
    const earlier = places.get(key);
    if (earlier === undefined) {
      places.set(key, place);
      yield { key, value: pair.value, place };
    } else {
      reading.complain(
        `${place}: ${bare(prefix + key)} stands at ${earlier} too; remove one of them`,
      );
    }
  }
}

function readGiven(
  reading: Reading,
  path: string,
  node: Node | null,
  written: Node,
): Given | undefined {
  const items = isSeq(node) ? node.items as Node[] : [written];
  const values: GivenValue[] = [];
  for (const item of items) {
    const subject = `${where(reading, item)}: ${path}`;
    const target = resolve(reading, item);
    if (target === undefined) return undefined;
    const text = scalarText(target);
    if (text === undefined) {
      reading.complain(`${subject} must be a plain value, got ${describe(target)}`);
      return undefined;
    }
    values.push({ text, subject });
  }
  const origin = originOf(reading, written);
  return { subject: `${where(reading, written)}: ${path}`, values, origin };
}

/** Follows an alias; undefined after a complaint that it leads nowhere. */
function resolve(reading: Reading, node: Node | null): Node | null | undefined {
  if (!isAlias(node)) return node;
  const target = node.resolve(reading.document);
  if (target === undefined) {
    const place = where(reading, node);
    reading.complain(`${place}: alias ${bare(`*${node.source}`)} has no anchor above it`);
  }
  return target;
}

/** The text as it stands in the file, so that `1.10` stays what it is; undefined for what is no text. */
function scalarText(node: Node | null): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  if (node.tag !== undefined && !PLAIN_TAGS.includes(node.tag)) return undefined;
  return typeof node.value === "string" ? node.value : node.source ?? String(node.value);
}

function isNull(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function describe(node: Node | null): string {
  if (isMap(node)) return "a map";
  if (isSeq(node)) return "a list";
  if (isAlias(node)) return "an alias";
  if (node === null || isNull(node)) return "nothing";
  const text = scalarText(node);
  return text === undefined ? `a value tagged ${quote(node.tag ?? "")}` : quote(text);
}

function originOf(reading: Reading, node: Node): Extract<Origin, { type: "file" }> {
  const { line, col } = reading.lines.linePos(node.range?.[0] ?? 0);
  return { type: "file", file: reading.file, line, column: col };
}

function where(reading: Reading, node: Node): string {
  const { file, line, column } = originOf(reading, node);
  return `${file}:${line}:${column}`;
}

/** A name in a message, quoted unless it looks like one. */
function bare(name: string): string {
  return /^[\w.*-]{1,80}$/.test(name) ? name : quote(name);
}
