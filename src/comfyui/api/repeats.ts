/**
 * Messages that tell the same as an earlier one but for one number, as those of each step do: of these only
 * the number is read (pure). A node adds 180 characters to all that follow, which is dear to parse.
 */

import type { NodeProgress, ServerEvent } from "./events.ts";

type ProgressMessage = Extract<ServerEvent, { type: "progress" | "progress_state" }>;

/** Longer ones are always parsed, and not kept. */
const MAX_CHARS = 65_536;

/** A count as JSON writes it, small enough for every one to be believed. */
const COUNT = /^(?:0|[1-9]\d{0,8})$/;
const MAX_DIGITS = 9;

/** A message that was parsed. */
interface Parsed<Event extends ProgressMessage = ProgressMessage> {
  readonly text: string;
  readonly event: Event;
}

/** What messages have in common, and what each makes of its number. */
interface Pattern {
  readonly before: string;
  readonly after: string;
  readonly make: (value: number) => ProgressMessage;
}

/** Reads the messages of one socket, in their order. */
export class Repeats {
  readonly #parse: (data: unknown) => ServerEvent | undefined;
  readonly #last = new Map<string, Parsed>();
  #progress: Pattern | undefined;
  #state: Pattern | undefined;

  /** @param parse Reads what is new; the same text must always give the same. */
  constructor(parse: (data: unknown) => ServerEvent | undefined) {
    this.#parse = parse;
  }

  /** Reads a message; `undefined` for one that is malformed. */
  read(data: unknown): ServerEvent | undefined {
    if (typeof data !== "string") return this.#parse(data);
    const known = madeOf(data, this.#state) ?? madeOf(data, this.#progress);
    if (known !== undefined) return known;
    const event = this.#parse(data);
    const isProgress = event?.type === "progress" || event?.type === "progress_state";
    if (isProgress && data.length <= MAX_CHARS) this.#learn({ text: data, event });
    return event;
  }

  #learn(parsed: Parsed): void {
    const { type } = parsed.event;
    const last = this.#last.get(type);
    this.#last.set(type, parsed);
    const pattern = last === undefined ? undefined : patternOf(last, parsed);
    if (pattern === undefined) return;
    if (type === "progress") this.#progress = pattern;
    else this.#state = pattern;
  }
}

/** What a text is that fits a pattern. */
function madeOf(text: string, pattern: Pattern | undefined): ProgressMessage | undefined {
  if (pattern === undefined) return undefined;
  const { before, after } = pattern;
  const digits = text.length - before.length - after.length;
  if (digits < 1 || digits > MAX_DIGITS) return undefined;
  const end = before.length + digits;
  // What this makes is only a view, and to compare such is many times as quick as `startsWith`.
  if (text.slice(end) !== after || text.slice(0, before.length) !== before) return undefined;
  const value = text.slice(before.length, end);
  return COUNT.test(value) ? pattern.make(Number(value)) : undefined;
}

/**
 * Two texts that differ in one number, and mean the same but for one value, which is that number: whatever
 * number stands there is that value.
 */
function patternOf(one: Parsed, other: Parsed): Pattern | undefined {
  // First what is quickly told: texts are compared but once a prompt.
  const change = changeOf(one.event, other.event);
  const apart = change === undefined ? undefined : differenceOf(one.text, other.text);
  if (change === undefined || apart === undefined) return undefined;
  if (apart.values[0] !== change.values[0] || apart.values[1] !== change.values[1]) {
    return undefined;
  }
  return { before: apart.before, after: apart.after, make: change.make };
}

/** One value that is another one now. */
interface Change {
  readonly values: readonly [before: number, after: number];
  readonly make: Pattern["make"];
}

/** The one value that two messages differ in; undefined if they differ in anything else, or in nothing. */
function changeOf(one: ProgressMessage, other: ProgressMessage): Change | undefined {
  if (one.promptId !== other.promptId) return undefined;
  if (one.type === "progress") {
    if (other.type !== "progress" || one.node !== other.node || one.max !== other.max) {
      return undefined;
    }
    return { values: [one.value, other.value], make: (value) => ({ ...other, value }) };
  }
  if (other.type !== "progress_state" || one.nodes.length !== other.nodes.length) return undefined;
  let changed: number | undefined;
  for (const [index, node] of other.nodes.entries()) {
    const before = one.nodes[index];
    if (before === undefined || !isEqualButForValue(before, node)) return undefined;
    if (before.value === node.value) continue;
    if (changed !== undefined) return undefined;
    changed = index;
  }
  const [before, after] = [one.nodes[changed ?? -1], other.nodes[changed ?? -1]];
  if (changed === undefined || before === undefined || after === undefined) return undefined;
  const at = changed;
  return {
    values: [before.value, after.value],
    make: (value) => ({ ...other, nodes: other.nodes.with(at, { ...after, value }) }),
  };
}

function isEqualButForValue(one: NodeProgress, other: NodeProgress): boolean {
  return one.node === other.node && one.max === other.max && one.finished === other.finished &&
    one.activity === other.activity;
}

/** What stands around the one number that two texts differ in; undefined if they differ in anything else. */
function differenceOf(
  one: string,
  other: string,
): { before: string; after: string; values: [number, number] } | undefined {
  const least = Math.min(one.length, other.length);
  let start = 0;
  while (start < least && one.charCodeAt(start) === other.charCodeAt(start)) start += 1;
  let end = 0;
  const room = least - start;
  while (end < room && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  // Of 15 and 16, or 5 and 15, all digits belong to the number.
  while (start > 0 && isOfNumber(one[start - 1])) start -= 1;
  while (end > 0 && isOfNumber(one.at(-end))) end -= 1;
  const [first, second] = [one, other].map((text) => text.slice(start, text.length - end));
  if (first === undefined || second === undefined) return undefined;
  if (!COUNT.test(first) || !COUNT.test(second)) return undefined;
  const values: [number, number] = [Number(first), Number(second)];
  return { before: one.slice(0, start), after: one.slice(one.length - end), values };
}

function isOfNumber(char: string | undefined): boolean {
  return char !== undefined && /[\d.+\-eE]/.test(char);
}
