/** What a source says of a setting, before it is known to make sense. */

import type { Origin } from "./config.ts";
import type { ListKind, SingleKind } from "./kinds.ts";
import type { Setting } from "./settings.ts";

/** A setting without its type, as the loops over the table see it. */
export interface AnySetting extends Omit<Setting<unknown>, "kind"> {
  readonly kind: SingleKind<unknown> | ListKind<unknown>;
}

/** A value as a source has it. */
export interface GivenValue {
  readonly text: string;
  /** Begins a sentence about the value: `--db`, `config.yaml:7:12: worker.db`. */
  readonly subject: string;
}

/** What one source says of one setting. */
export interface Given {
  readonly subject: string;
  readonly origin: Origin;
  readonly values: readonly GivenValue[];
}

/** Collects one sentence for each thing that is wrong. */
export type Complain = (problem: string) => void;

/** The value given, or undefined after a complaint. */
export function check(setting: AnySetting, given: Given, complain: Complain): unknown {
  const { kind } = setting;
  if (kind.type === "list") return checkList(kind, given, complain);
  const [value, ...more] = given.values;
  if (value !== undefined && more.length === 0) return checkOne(kind, value, complain);
  complain(`${given.subject} must be ${kind.expected}, got a list`);
  return undefined;
}

function checkList(kind: ListKind<unknown>, given: Given, complain: Complain): unknown {
  const { item, most } = kind;
  if (given.values.length === 0 || given.values.length > most) {
    complain(`${given.subject} must have 1 to ${most} entries, got ${given.values.length}`);
    return undefined;
  }
  const list: unknown[] = [];
  for (const value of given.values) {
    const parsed = checkOne(item, value, complain);
    if (list.includes(parsed)) complain(`${value.subject} has ${quote(value.text)} twice`);
    if (parsed !== undefined) list.push(parsed);
  }
  return list;
}

function checkOne(kind: SingleKind<unknown>, value: GivenValue, complain: Complain): unknown {
  const parsed = kind.parse(value.text.trim());
  if (parsed === undefined) {
    complain(`${value.subject} must be ${kind.expected}, got ${quote(value.text)}`);
  }
  return parsed;
}

/** Longest part of a wrong value that a message shows. */
const MAX_QUOTE_CHARS = 80;

/** Foreign text for a message: short, on one line, without secrets. */
export function quote(text: string): string {
  const shown = hideSecrets(text);
  const short = shown.length > MAX_QUOTE_CHARS ? shown.slice(0, MAX_QUOTE_CHARS) + "…" : shown;
  return printable(JSON.stringify(short));
}

/** Spells out what would steer a terminal or break a line. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => {
    return "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0");
  });
}

/** Replaces the user and password of each URL in a text. */
export function hideSecrets(text: string): string {
  return text.replace(/\/\/[^/?#\s]*@/g, "//***@");
}
