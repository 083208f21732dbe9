/** What a source says of a setting, before it is known to make sense. */

import { printable } from "../log.ts";
import { redact } from "../redact.ts";
import type { Origin } from "./config.ts";
import type { ListKind, MapField, SingleKind } from "./kinds.ts";
import type { Setting } from "./setting.ts";

/** A setting without its type, as the loops over the table see it. */
export interface AnySetting extends Omit<Setting<unknown>, "kind"> {
  readonly kind: SingleKind<unknown> | ListKind<unknown> | AnyMapsKind;
}

/** A list of maps without its type. */
export interface AnyMapsKind {
  readonly type: "maps";
  readonly fields: Readonly<Record<string, MapField<unknown, Record<string, unknown>>>>;
  readonly most: number;
}

/** A value as a source has it. */
export interface GivenValue {
  readonly text: string;
  /** Where it stands: `--db`, `config.yaml:7:12`. */
  readonly place: string;
  /** Begins a sentence about the value: `--db`, `config.yaml:7:12: worker.db`. */
  readonly subject: string;
}

/** A map in a list. */
export interface GivenMap {
  readonly place: string;
  readonly subject: string;
  /** By key in the file; undefined for a value that the reader has refused. */
  readonly values: ReadonlyMap<string, GivenValue | undefined>;
}

/** What one source says of one setting. */
export interface Given {
  readonly place: string;
  readonly subject: string;
  readonly origin: Origin;
  readonly values: readonly GivenValue[];
  /** In place of values for a list of maps. */
  readonly maps?: readonly GivenMap[];
}

/** Collects one sentence for each thing that is wrong. */
export type Complain = (problem: string) => void;

/** The value given, or undefined after a complaint. */
export function check(setting: AnySetting, given: Given, complain: Complain): unknown {
  const { kind } = setting;
  if (kind.type === "list") return checkList(kind, given, complain);
  if (kind.type === "maps") return checkMaps(kind, given, complain);
  const [value, ...more] = given.values;
  if (value !== undefined && more.length === 0) return checkOne(kind, value, complain);
  complain(`${given.subject} must be ${kind.expected}, got a list`);
  return undefined;
}

function checkList(kind: ListKind<unknown>, given: Given, complain: Complain): unknown {
  const { item, most } = kind;
  if (!checkCount(given.subject, given.values.length, most, complain)) return undefined;
  const list: unknown[] = [];
  for (const value of given.values) {
    const parsed = checkOne(item, value, complain);
    if (list.includes(parsed)) complain(`${value.subject} has ${quote(value.text)} twice`);
    if (parsed !== undefined) list.push(parsed);
  }
  return list;
}

function checkCount(subject: string, count: number, most: number, complain: Complain): boolean {
  const isRight = count > 0 && count <= most;
  if (!isRight) complain(`${subject} must have 1 to ${most} entries, got ${count}`);
  return isRight;
}

function checkMaps(kind: AnyMapsKind, given: Given, complain: Complain): unknown {
  const { maps = [] } = given;
  if (!checkCount(given.subject, maps.length, kind.most, complain)) return undefined;
  const items = maps.map((map) => checkMap(kind, map, complain));
  for (const [name, field] of Object.entries(kind.fields)) {
    if (field.isUnique) checkUnique(field.key, maps, items.map((item) => item[name]), complain);
  }
  return items;
}

function checkMap(kind: AnyMapsKind, map: GivenMap, complain: Complain): Record<string, unknown> {
  const item: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(kind.fields)) {
    const value = map.values.get(field.key);
    if (value === undefined && map.values.has(field.key)) continue;
    if (value !== undefined) item[name] = checkOne(field.kind, value, complain);
    else if (!field.isRequired) item[name] = field.preset?.(item);
    else complain(`${map.subject}.${field.key} must be ${field.kind.expected}, got nothing`);
  }
  return item;
}

function checkUnique(
  key: string,
  maps: readonly GivenMap[],
  values: readonly unknown[],
  complain: Complain,
): void {
  const places = new Map<unknown, string>();
  for (const [index, map] of maps.entries()) {
    const value = values[index];
    if (value === undefined) continue;
    const { place, subject } = map.values.get(key) ??
      { place: map.place, subject: `${map.subject}.${key}` };
    const earlier = places.get(value);
    const rest = `got ${quote(String(value))} for both`;
    if (earlier === undefined) places.set(value, place);
    else complain(`${subject} must not be that of ${earlier}, ${rest}`);
  }
}

function checkOne(kind: SingleKind<unknown>, value: GivenValue, complain: Complain): unknown {
  const parsed = kind.parse(value.text.trim());
  if (parsed === undefined) {
    const shown = kind.isSecret ? "something else, which is not shown" : quote(value.text);
    complain(`${value.subject} must be ${kind.expected}, got ${shown}`);
  }
  return parsed;
}

/** Completes "must be …" for an entry of a list of maps. */
export function expectedMap({ fields }: AnyMapsKind): string {
  const [required, others] = [true, false].map((isRequired) => {
    const keys = Object.values(fields).filter((field) => (field.isRequired ?? false) === isRequired)
      .map(({ key }) => key);
    return [keys.slice(0, -1).join(", "), keys.at(-1)].filter(Boolean).join(" and ");
  });
  return `a map with ${required} and optionally ${others}`;
}

/** Longest part of a wrong value that a message shows. */
const MAX_QUOTE_CHARS = 80;

/** Foreign text for a message: short, on one line, without secrets. */
export function quote(text: string): string {
  const shown = redact(text);
  const short = shown.length > MAX_QUOTE_CHARS ? shown.slice(0, MAX_QUOTE_CHARS) + "…" : shown;
  return printable(JSON.stringify(short));
}
