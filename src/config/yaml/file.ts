/** Reads the configuration file: text in, settings with their positions out. Expands nothing. */

import {
  type Document,
  isMap,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";
import { ConfigError } from "../../errors.ts";
import type { Complain, Given, GivenMap, GivenValue } from "../given.ts";
import { printable } from "../../log.ts";
import { sectionsOf, suggest } from "../suggest.ts";
import {
  bare,
  describe,
  entries,
  isNull,
  originOf,
  resolve,
  scalarText,
  where,
  type YamlText,
} from "./nodes.ts";

/** Longest file in UTF-16 code units; a real one has some 2,000. */
export const MAX_FILE_CHARS = 262_144;

/** The library quotes the text at fault, however long that is. */
const MAX_REASON_CHARS = 200;

/** What a file says. */
export interface FileContent {
  /** By path in the file, known settings only. */
  readonly given: ReadonlyMap<string, Given>;
  /** One sentence for each key that has no effect. */
  readonly warnings: readonly string[];
}

/** A setting as it can stand in a file. */
export interface KnownSetting {
  readonly path: string;
  /** What the maps in its list are like, if it is a list of maps. */
  readonly map: KnownMap | undefined;
}

/** A map as it can stand in a list. */
export interface KnownMap {
  readonly keys: readonly string[];
  /** Those of them that may hold a map of texts. */
  readonly mapKeys: readonly string[];
  /** Completes "must be …". */
  readonly expected: string;
}

/** What the functions below share while they read one file. */
interface Reading extends YamlText {
  readonly known: ReadonlyMap<string, KnownSetting>;
  readonly given: Map<string, Given>;
  readonly warnings: string[];
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
  settings: readonly KnownSetting[],
  complain: Complain,
): FileContent {
  const lines = new LineCounter();
  const document = parse(text.replace(/^\ufeff/, ""), file, lines);
  const given = new Map<string, Given>();
  const warnings: string[] = [];
  const known = new Map(settings.map((setting) => [setting.path, setting]));
  const reading: Reading = { file, document, lines, known, complain, given, warnings };
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
  const sections = sectionsOf([...reading.known.keys()]);
  for (const { key, value, place } of entries(reading, root, "")) {
    if (!sections.includes(key)) {
      warnUnknown(reading, place, undefined, key, [...reading.known.keys()]);
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
    const setting = reading.known.get(path);
    if (setting === undefined) {
      warnUnknown(reading, place, section, key, [...reading.known.keys()]);
      continue;
    }
    const node = resolve(reading, value);
    if (value === null || node === undefined || isNull(node)) continue;
    const given = setting.map === undefined
      ? readGiven(reading, path, node, value)
      : readMaps(reading, { path, map: setting.map }, node, value);
    if (given !== undefined) reading.given.set(path, given);
  }
}

function warnUnknown(
  reading: Reading,
  place: string,
  section: string | undefined,
  key: string,
  knownPaths: readonly string[],
): void {
  const name = bare(section === undefined ? key : `${section}.${key}`);
  reading.warnings.push(`${place}: unknown key ${name}${suggest(section, key, knownPaths)}`);
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
    const value = readValue(reading, path, item, resolve(reading, item));
    if (value === undefined) return undefined;
    values.push(value);
  }
  const place = where(reading, written);
  return { subject: `${place}: ${path}`, place, values, origin: originOf(reading, written) };
}

/** A plain value, which `written` is or stands for; undefined after a complaint. */
function readValue(
  reading: Reading,
  path: string,
  written: Node,
  target: Node | null | undefined,
): GivenValue | undefined {
  if (target === undefined) return undefined;
  const place = where(reading, written);
  const subject = `${place}: ${path}`;
  const text = scalarText(target);
  if (text !== undefined) return { text, place, subject };
  reading.complain(`${subject} must be a plain value, got ${describe(target)}`);
  return undefined;
}

function readMaps(
  reading: Reading,
  { path, map }: { path: string; map: KnownMap },
  node: Node | null,
  written: Node,
): Given | undefined {
  const place = where(reading, written);
  const subject = `${place}: ${path}`;
  if (!isSeq(node)) {
    const must = `must be a list, each entry ${map.expected}`;
    reading.complain(`${subject} ${must}, got ${describe(node)}`);
    return undefined;
  }
  const maps: GivenMap[] = [];
  for (const { target, place } of mapsOf(reading, { path, map }, node.items as Node[])) {
    maps.push({
      place,
      subject: `${place}: ${path}`,
      values: readMap(reading, path, map, target),
    });
  }
  if (maps.length === 0 && node.items.length > 0) return undefined;
  return { subject, place, values: [], maps, origin: originOf(reading, written) };
}

/** The maps of a list, each once: by aliases one map could stand there thousands of times. */
function* mapsOf(
  reading: Reading,
  { path, map }: { path: string; map: KnownMap },
  items: readonly Node[],
): Generator<{ target: YAMLMap; place: string }> {
  const places = new Map<Node, string>();
  for (const item of items) {
    const target = resolve(reading, item);
    if (target === undefined) continue;
    const place = where(reading, item);
    if (!isMap(target)) {
      const must = `must be ${map.expected}`;
      reading.complain(`${place}: an entry of ${path} ${must}, got ${describe(target)}`);
      continue;
    }
    const earlier = places.get(target);
    if (earlier === undefined) {
      places.set(target, place);
      yield { target, place };
    } else reading.complain(`${place}: ${path} has the entry of ${earlier} twice`);
  }
}

function readMap(
  reading: Reading,
  path: string,
  { keys, mapKeys }: KnownMap,
  map: YAMLMap,
): Map<string, GivenValue | undefined> {
  const values = new Map<string, GivenValue | undefined>();
  const knownPaths = keys.map((key) => `${path}.${key}`);
  for (const { key, value, place } of entries(reading, map, `${path}.`)) {
    if (!keys.includes(key)) {
      warnUnknown(reading, place, path, key, knownPaths);
      continue;
    }
    const node = resolve(reading, value);
    if (value === null || (node !== undefined && isNull(node))) continue;
    const here = `${path}.${key}`;
    const given = isMap(node) && mapKeys.includes(key)
      ? readTexts(reading, here, value, node)
      : readValue(reading, here, value, node);
    values.set(key, given);
  }
  return values;
}

/** A map of texts, as JSON. */
function readTexts(reading: Reading, path: string, written: Node, map: YAMLMap): GivenValue {
  const texts = new Map<string, string>();
  for (const { key, value } of entries(reading, map, `${path}.`)) {
    const node = resolve(reading, value);
    if (value === null || node === undefined) continue;
    texts.set(key, readValue(reading, `${path}.${key}`, value, node)?.text ?? "");
  }
  const place = where(reading, written);
  const text = JSON.stringify(Object.fromEntries(texts));
  return { text, place, subject: `${place}: ${path}` };
}
