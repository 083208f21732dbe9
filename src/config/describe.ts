/** The settings as rows, for people who read them and for help texts. */

import { redact } from "../redact.ts";
import { formatOrigin, type LoadedConfig } from "./config.ts";
import { type AnyMapsKind, type AnySetting, expectedMap } from "./given.ts";
import { valuesOf } from "./join.ts";
import type { FlagName } from "./flags.ts";
import { SETTINGS } from "./settings.ts";
import { variablesOf } from "./sources.ts";

/** A setting in force. */
export interface ConfigRow {
  /** Section and key in the file, such as `zmq.req_rep_addr`. */
  readonly path: string;
  /** The value as an operator would write it, secrets hidden; empty when there is none. */
  readonly value: string;
  /** `--db`, `DGX_PIXELS_DB`, `config.yaml:7:12` or `default`. */
  readonly origin: string;
}

/** A setting as the help text and the documentation show it. */
export interface SettingInfo {
  /** Section and key in the file, such as `zmq.req_rep_addr`. */
  readonly path: string;
  /** Name of its flag without dashes, if it has one. */
  readonly flag: FlagName | undefined;
  /** Stands for the value in a usage line; undefined for a switch, which takes none. */
  readonly placeholder: string | undefined;
  /** Whether the flag may be given several times. */
  readonly repeatable: boolean;
  /** Its environment variables. */
  readonly variables: readonly string[];
  /** Completes "must be …". */
  readonly expected: string;
  /** The default as an operator would write it; empty when there is none. */
  readonly default: string;
  /** A phrase that says what it is for. */
  readonly help: string;
  /** What an entry may hold, if it is a list of maps. */
  readonly keys: readonly KeyInfo[];
}

/** A key of the maps in a list. */
export interface KeyInfo {
  /** Its name. */
  readonly key: string;
  /** Completes "must be …". */
  readonly expected: string;
  /** Whether each map must have it. */
  readonly isRequired: boolean;
  /** What stands for it in a map without it; empty when nothing does. */
  readonly default: string;
  /** A phrase that says what it is for. */
  readonly help: string;
}

/** Every setting in the order of the table, with its value and origin. */
export function describeConfig(loaded: LoadedConfig): readonly ConfigRow[] {
  const values = valuesOf(loaded.config);
  return Object.entries(SETTINGS).map(([field, setting]) => ({
    path: setting.path,
    value: redact(format(setting as AnySetting, valueAt(values, field))),
    origin: formatOrigin(loaded.origins.get(setting.path) ?? { type: "default" }),
  }));
}

/** Every setting that exists, in the order of the table. */
export function listSettings(): readonly SettingInfo[] {
  return (Object.values(SETTINGS) as AnySetting[]).map((setting) => ({
    path: setting.path,
    flag: setting.flag,
    repeatable: setting.kind.type === "list",
    variables: variablesOf(setting),
    default: format(setting, setting.default),
    help: setting.help,
    ...describeKind(setting),
  }));
}

function describeKind(
  { kind }: AnySetting,
): Pick<SettingInfo, "expected" | "placeholder" | "keys"> {
  if (kind.type === "maps") {
    const expected = `a list, each entry ${expectedMap(kind)}`;
    return { expected, placeholder: undefined, keys: keysOf(kind) };
  }
  const { expected, placeholder } = kind.type === "list" ? kind.item : kind;
  return { expected, placeholder, keys: [] };
}

function keysOf({ fields }: AnyMapsKind): readonly KeyInfo[] {
  return Object.values(fields).map((field) => ({
    key: field.key,
    expected: field.kind.expected,
    isRequired: field.isRequired ?? false,
    default: field.default,
    help: field.help,
  }));
}

function valueAt(values: unknown, field: string): unknown {
  return field.split(".").reduce<unknown>(
    (value, key) => (value as Record<string, unknown>)[key],
    values,
  );
}

function format({ kind }: AnySetting, value: unknown): string {
  if (value === undefined) return "";
  if (kind.type === "single") return kind.format(value);
  if (kind.type === "maps") return formatMaps(kind, value as Record<string, unknown>[]);
  return (value as unknown[]).map((item) => kind.item.format(item)).join(", ");
}

/** The list on one line, as it can stand in the file. */
function formatMaps({ fields }: AnyMapsKind, items: readonly Record<string, unknown>[]): string {
  const maps = items.map((item) => {
    const given = Object.entries(fields).filter(([name]) => item[name] !== undefined);
    const pairs = given.map(([name, { key, kind }]) =>
      `${key}: ${inYaml(kind.format(item[name]!))}`
    );
    return `{ ${pairs.join(", ")} }`;
  });
  return `[${maps.join(", ")}]`;
}

/** Plain where that is surely read as it is. */
function inYaml(text: string): string {
  const isPlain = /^[\w./](?:[\w./:@%+-]*[\w./@%+-])?$/.test(text) && !/^null$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
