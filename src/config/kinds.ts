/**
 * The kinds of values. Every source is read as text, so that a value means the same in a flag, in a
 * variable and in the file, quoted or not.
 */

import type { PixelOptions } from "../protocol/mod.ts";
import { redact } from "../redact.ts";
import { FILENAME_PLACEHOLDERS, type HostAndPort } from "./config.ts";
import { formatPixel, parsePixel, PIXEL_WORDS } from "./pixel.ts";

/** A kind with one value. */
export interface SingleKind<T> {
  readonly type: "single";
  /** Completes the sentence "must be …". */
  readonly expected: string;
  /** Stands for the value in a usage line; undefined for a switch, which takes none. */
  readonly placeholder: string | undefined;
  /** True for what must not be shown, also where it is wrong. */
  readonly isSecret?: boolean;
  /** True if a file may have a map in its place, which is handed over as JSON. */
  readonly takesMap?: boolean;
  /** The value, or undefined when the text is none of this kind. */
  parse(text: string): T | undefined;
  /** The value as an operator would write it. */
  format(value: T): string;
}

/** A kind with one to `most` different values. */
export interface ListKind<T> {
  readonly type: "list";
  readonly item: SingleKind<T>;
  readonly most: number;
}

/** A key of the maps in a list; its value is a `T` in an `Item`. */
export interface MapField<T, Item> {
  /** Its name in the file. */
  readonly key: string;
  readonly kind: SingleKind<NonNullable<T>>;
  /** Whether each map must have it. */
  readonly isRequired?: boolean;
  /** Whether no two maps may have the same. */
  readonly isUnique?: boolean;
  /** The value for a map without it, made from the fields before it. */
  preset?(item: Partial<Item>): T | undefined;
  /** What the preset is, for the documentation. */
  readonly default: string;
  /** A phrase for the documentation. */
  readonly help: string;
}

/** The keys of a map by the fields that they become. */
export type MapFields<Item> = {
  readonly [Field in keyof Item]-?: MapField<Item[Field], Item>;
};

/** A kind with one to `most` maps, which only a file can hold. */
export interface MapsKind<Item> {
  readonly type: "maps";
  readonly fields: MapFields<Item>;
  readonly most: number;
}

/** The kind of a setting whose value is a `T`. */
export type Kind<T> =
  | SingleKind<T>
  | (T extends readonly (infer Item)[] ? ListKind<Item> | MapsKind<Item> : never);

/** Longest text of a value in UTF-16 code units, the longest path of Linux. */
const MAX_VALUE_CHARS = 4096;

/** What fits into `sockaddr_un.sun_path` of Linux with its final NUL (unix(7)). */
const MAX_IPC_PATH_BYTES = 107;

/** Leaves room for the placeholders' values within the 255 bytes of a file name. */
const MAX_PATTERN_CHARS = 128;

/** Longest name that still fits into a log line or a table. */
const MAX_LABEL_CHARS = 64;

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i;

function single<T>(
  expected: string,
  placeholder: string | undefined,
  parse: (text: string) => T | undefined,
  format: (value: T) => string = String,
): SingleKind<T> {
  return {
    type: "single",
    expected,
    placeholder,
    parse: (text) => text.length <= MAX_VALUE_CHARS ? parse(text) : undefined,
    format,
  };
}

function decimal(text: string, min: number, max: number): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

/** A count. Leading zeros are refused: some would read them as octal. */
export function wholeNumber(min: number, max: number): SingleKind<number> {
  return single(`a whole number from ${min} to ${max}`, "count", (text) => {
    const value = decimal(text, min, max);
    return Number.isInteger(value) ? value : undefined;
  });
}

/** A quantity. */
export function number(min: number, max: number): SingleKind<number> {
  return single(`a number from ${min} to ${max}`, "number", (text) => decimal(text, min, max));
}

/** A duration that operators write in seconds and the program keeps in whole milliseconds. */
export function seconds(min: number, max: number): SingleKind<number> {
  return single(
    `a number of seconds from ${min} to ${max}`,
    "seconds",
    (text) => {
      const value = decimal(text, min, max);
      return value === undefined ? undefined : Math.round(value * 1000);
    },
    (ms) => String(ms / 1000),
  );
}

/** Yes or no, in every spelling that YAML ever had and in that of environment variables. */
export function toggle(): SingleKind<boolean> {
  return single("true or false", undefined, (text) => {
    if (/^(?:true|yes|on|1)$/i.test(text)) return true;
    return /^(?:false|no|off|0)$/i.test(text) ? false : undefined;
  });
}

/** One of some words, in any case; `synonyms` maps further spellings to them. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  synonyms: Readonly<Record<string, Word>> = {},
): SingleKind<Word> {
  const expected = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return single(expected, words.join("|"), (text) => {
    const lower = text.toLowerCase();
    if (Object.hasOwn(synonyms, lower)) return synonyms[lower];
    return words.find((word) => word === lower);
  });
}

/** An endpoint to bind; port 0 or `*` lets the system choose. */
export function address(): SingleKind<string> {
  return single("tcp://host:port (up to 65535) or ipc://path", "address", (text) => {
    return isTcpAddress(text) || isIpcAddress(text) ? text : undefined;
  });
}

function isTcpAddress(text: string): boolean {
  const match = /^tcp:\/\/(?:\[[0-9a-f:.]+(?:%[\w.-]+)?\]|\*|[\w.-]+):(\d{1,5}|\*)$/i.exec(text);
  if (match === null) return false;
  return match[1] === "*" || Number(match[1]) <= 65_535;
}

function isIpcAddress(text: string): boolean {
  const path = /^ipc:\/\/(.+)$/.exec(text)?.[1];
  if (path === undefined || hasControlChar(path)) return false;
  return new TextEncoder().encode(path).length <= MAX_IPC_PATH_BYTES;
}

/** Where an HTTP server listens; port 0 lets the system choose. */
export function hostAndPort(): SingleKind<HostAndPort> {
  return single("host:port", "host:port", (text) => {
    const [, name, digits] = /^(\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(text) ?? [];
    const port = Number(digits);
    if (name === undefined || port > 65_535) return undefined;
    return { hostname: name.replace(/^\[|\]$/g, ""), port };
  }, ({ hostname, port }) => `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`);
}

/** The origin of web pages, as browsers write it. */
export function webOrigin(): SingleKind<string> {
  return single("an origin such as https://studio.example.org", "origin", (text) => {
    return URL.canParse(text) && new URL(text).origin === text ? text : undefined;
  });
}

/** The base URL of an HTTP server, kept without a trailing slash. */
export function httpUrl(): SingleKind<string> {
  return single("a URL such as http://host:port", "url", (text) => {
    if (!/^https?:\/\/[^/?#]/i.test(text) || !URL.canParse(text)) return undefined;
    const url = new URL(text);
    // Its query goes with every request: a token, as a rule.
    if (url.hash !== "" || text.includes("#")) return undefined;
    return url.search === "" ? url.href.replace(/[/?]+$/, "") : url.href;
  });
}

/** A token as a header can carry it; the word `Bearer` before it may stay. */
export function token(): SingleKind<string> {
  return {
    ...single("a token of visible ASCII characters without spaces", "token", (text) => {
      const bare = text.replace(/^bearer\s+/i, "");
      return /^[\x21-\x7e]+$/.test(bare) ? bare : undefined;
    }, () => "***"),
    isSecret: true,
  };
}

/** Headers that belong to the connection, or that are set here (RFC 9110, RFC 6455). */
const RESERVED_HEADERS =
  /^(?:host|connection|upgrade|content-(?:length|type)|transfer-encoding|te|trailer|sec-websocket-.*)$/i;

/** Headers, which stand as a map in the file. */
export function headers(): SingleKind<Readonly<Record<string, string>>> {
  return {
    ...single(
      "a map of headers, except those of the connection itself",
      "headers",
      parseHeaders,
      (map) => Object.keys(map).map((name) => `${name}: ***`).join(", "),
    ),
    isSecret: true,
    takesMap: true,
  };
}

function parseHeaders(text: string): Record<string, string> | undefined {
  let map: unknown;
  try {
    map = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof map !== "object" || map === null || Array.isArray(map)) return undefined;
  const isRight = Object.entries(map).every(([name, value]) =>
    /^[!#$%&'*+.^`|~\w-]+$/.test(name) && !RESERVED_HEADERS.test(name) &&
    typeof value === "string" && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)
  );
  return isRight ? map as Record<string, string> : undefined;
}

/** How images are made pixel art. */
export function pixelOptions(): SingleKind<PixelOptions> {
  return single(PIXEL_WORDS, "words", parsePixel, formatPixel);
}

/** The address of a proxy, or the word for what the environment says. */
export function proxy(): SingleKind<string> {
  const expected = "environment or a URL such as http://host:port";
  return single(expected, "url", (text) => {
    if (/^env(?:ironment)?$/i.test(text)) return "environment";
    if (!/^https?:\/\/[^/?#]/i.test(text) || !URL.canParse(text)) return undefined;
    return text.replace(/\/+$/, "");
  });
}

/** A file or directory, which need not exist yet. */
export function path(placeholder: "file" | "dir"): SingleKind<string> {
  return single("a path without a leading ~", placeholder, (text) => {
    // Nothing expands ~ here, and a directory of that name is not what anybody wants.
    if (text === "" || text.startsWith("~") || hasControlChar(text)) return undefined;
    return text;
  });
}

/** Whether a database is on a server, and no file. */
export function isDatabaseUrl(text: string): boolean {
  return /^postgres(?:ql)?:/i.test(text);
}

/** A file for a database, or the address of one. */
export function database(): SingleKind<string> {
  const expected = "a path without a leading ~, or a postgres:// URL";
  const file = path("file");
  return single(expected, "file", (text) => {
    if (!isDatabaseUrl(text)) return file.parse(text);
    // It may name several hosts, of which a URL can have only one.
    const one = text.replace(/^([^/]*\/\/(?:[^/?#]*@)?[^/?#,@]*)(?:,[^/?#,@]+)*(?=[/?#]|$)/, "$1");
    if (!/^postgres(?:ql)?:\/\/[^/?#]/i.test(one) || !URL.canParse(one)) return undefined;
    const { host, pathname } = new URL(one);
    return host.includes(",") || pathname.length <= 1 ? undefined : text;
  }, redact);
}

/** A name that people choose for something. */
export function label(): SingleKind<string> {
  return single(`a name of 1 to ${MAX_LABEL_CHARS} characters on one line`, "name", (text) => {
    return text === "" || text.length > MAX_LABEL_CHARS || hasControlChar(text) ? undefined : text;
  });
}

/** The name of a workflow template; older files write it with `.json`. */
export function workflowName(): SingleKind<string> {
  return single("a workflow name (letters, digits, . - _)", "name", (text) => {
    const name = text.replace(/\.json$/, "");
    return /^[A-Za-z0-9_][\w.-]{0,127}$/.test(name) ? name : undefined;
  });
}

/** A LoRA and words that it waits for. */
export function loraTrigger(): SingleKind<string> {
  return single("a LoRA's name, = and its trigger words", "lora=words", (text) => {
    return /^[^=]*[^=\s][^=]*=.*\S/.test(text) && !hasControlChar(text) ? text : undefined;
  });
}

/** A name for images; an extension is dropped, since each image brings its own. */
export function filenamePattern(): SingleKind<string> {
  const known = FILENAME_PLACEHOLDERS.map((name) => `{${name}}`);
  const others = known.slice(1).join(", ");
  return single(`a file name with {job_id} and optionally ${others}`, "pattern", (text) => {
    const name = text.replace(/\.(?:png|jpe?g|webp)$/i, "");
    if (name.length > MAX_PATTERN_CHARS || name.startsWith(".")) return undefined;
    const fixed = known.reduce((rest, placeholder) => rest.replaceAll(placeholder, ""), name);
    if (!name.includes("{job_id}") || hasControlChar(name)) return undefined;
    return /[{}/\\<>:"|?*]/.test(fixed) ? undefined : name;
  });
}

/** One value where other places may have several. */
export function only<T>(item: SingleKind<T>): SingleKind<readonly T[]> {
  return single(
    item.expected,
    item.placeholder,
    (text) => {
      const value = item.parse(text);
      return value === undefined ? undefined : [value];
    },
    (values) => values.map(item.format).join(", "),
  );
}

/** Several different values of a kind. */
export function listOf<T>(item: SingleKind<T>, most: number): ListKind<T> {
  return { type: "list", item, most };
}

/** Several maps. */
export function mapsOf<Item>(fields: MapFields<Item>, most: number): MapsKind<Item> {
  return { type: "maps", fields, most };
}

function hasControlChar(text: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}
