/** The nodes of a parsed YAML text: their places, their texts, what their aliases stand for. */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from "yaml";
import type { Origin } from "../config.ts";
import { type Complain, quote } from "../given.ts";

/** The tags that say no more than the plain value does. */
const PLAIN_TAGS = ["str", "int", "float", "bool", "null"].map((tag) => `tag:yaml.org,2002:${tag}`);

/** A parsed text, and where its faults go. */
export interface YamlText {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly complain: Complain;
  /** What each alias stands for, once that is asked for. */
  targets?: ReadonlyMap<Node, Node | undefined>;
}

/** An entry of a map. */
export interface Entry {
  readonly key: string;
  /** Null where the key stands alone. */
  readonly value: Node | null;
  /** Position of the key. */
  readonly place: string;
}

/** The entries of a map, each key once. */
export function* entries(text: YamlText, map: YAMLMap, prefix: string): Generator<Entry> {
  const places = new Map<string, string>();
  for (const pair of map.items as Pair<Node, Node | null>[]) {
    const place = where(text, pair.key);
    const key = scalarText(pair.key);
    if (key === undefined) {
      text.complain(`${place}: a key must be a plain name, got ${describe(pair.key)}`);
      continue;
    }
    const earlier = places.get(key);
    if (earlier === undefined) {
      places.set(key, place);
      yield { key, value: pair.value, place };
    } else {
      text.complain(
        `${place}: ${bare(prefix + key)} stands at ${earlier} too; remove one of them`,
      );
    }
  }
}

/** Follows an alias; undefined after a complaint that it leads nowhere. */
export function resolve(text: YamlText, node: Node | null): Node | null | undefined {
  if (!isAlias(node)) return node;
  text.targets ??= aliasTargets(text.document);
  const target = text.targets.get(node);
  if (target === undefined) {
    text.complain(`${where(text, node)}: alias ${bare(`*${node.source}`)} has no anchor above it`);
  }
  return target;
}

/** All aliases in one walk: the library's own way walks through the document for each. */
function aliasTargets(document: Document): Map<Node, Node | undefined> {
  const targets = new Map<Node, Node | undefined>();
  const anchors = new Map<string, Node>();
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) targets.set(node, anchors.get(node.source));
      else if ("anchor" in node && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** The text as it stands in the file, so that `1.10` stays what it is; undefined for what is no text. */
export function scalarText(node: Node | null): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  if (node.tag !== undefined && !PLAIN_TAGS.includes(node.tag)) return undefined;
  return typeof node.value === "string" ? node.value : node.source ?? String(node.value);
}

/** True for a value that says nothing. */
export function isNull(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/** Names a value that does not belong where it stands. */
export function describe(node: Node | null): string {
  if (isMap(node)) return "a map";
  if (isSeq(node)) return "a list";
  if (isAlias(node)) return "an alias";
  if (node === null || isNull(node)) return "nothing";
  const text = scalarText(node);
  return text === undefined ? `a value tagged ${quote(node.tag ?? "")}` : quote(text);
}

/** Where a node begins. */
export function originOf(text: YamlText, node: Node): Extract<Origin, { type: "file" }> {
  const { line, col } = text.lines.linePos(node.range?.[0] ?? 0);
  return { type: "file", file: text.file, line, column: col };
}

/** Where a node begins, as messages say it. */
export function where(text: YamlText, node: Node): string {
  const { file, line, column } = originOf(text, node);
  return `${file}:${line}:${column}`;
}

/** A name in a message, quoted unless it looks like one. */
export function bare(name: string): string {
  return /^[\w.*-]{1,80}$/.test(name) ? name : quote(name);
}
