/** The settings as rows, for people who read them and for help texts. */

import { type Config, formatOrigin, type LoadedConfig } from "./config.ts";
import { type AnySetting, hideSecrets } from "./given.ts";
import { type FlagName, SETTINGS } from "./settings.ts";
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
}

/** Every setting in the order of the table, with its value and origin. */
export function describeConfig(loaded: LoadedConfig): readonly ConfigRow[] {
  return Object.entries(SETTINGS).map(([field, setting]) => ({
    path: setting.path,
    value: hideSecrets(format(setting as AnySetting, valueAt(loaded.config, field))),
    origin: formatOrigin(loaded.origins.get(setting.path) ?? { type: "default" }),
  }));
}

/** Every setting that exists, in the order of the table. */
export function listSettings(): readonly SettingInfo[] {
  return (Object.values(SETTINGS) as AnySetting[]).map((setting) => {
    const { kind } = setting;
    const item = kind.type === "list" ? kind.item : kind;
    return {
      path: setting.path,
      flag: setting.flag,
      placeholder: item.placeholder,
      repeatable: kind.type === "list",
      variables: variablesOf(setting),
      expected: item.expected,
      default: format(setting, setting.default),
      help: setting.help,
    };
  });
}

function valueAt(config: Config, field: string): unknown {
  return field.split(".").reduce<unknown>(
    (value, key) => (value as Record<string, unknown>)[key],
    config,
  );
}

function format({ kind }: AnySetting, value: unknown): string {
  if (value === undefined) return "";
  if (kind.type === "single") return kind.format(value);
  return (value as unknown[]).map((item) => kind.item.format(item)).join(", ");
}
