/** YAML that holds no settings: its plain value. */

import type { Tags } from "yaml";
import { ConfigError } from "../../errors.ts";

/** Aliases that a text may use, so that a small file cannot become a huge value. */
const MAX_ALIASES = 100;

/** Options of {@linkcode parseYaml}. */
export interface ParseYamlOptions {
  /**
   * The version of YAML; 1.1 is what Python's PyYAML reads, where `yes` is true and a key that stands
   * twice has its last value. Floats stay texts in it. @default {"1.2"}
   */
  version?: "1.1" | "1.2";
}

/**
 * The value that a YAML text stands for.
 *
 * @throws {ConfigError} `unreadable` if it is no YAML; the message names the file and the line.
 */
export async function parseYaml(
  text: string,
  file: string,
  { version = "1.2" }: ParseYamlOptions = {},
): Promise<unknown> {
  const { parse } = await import("yaml");
  const isOld = version === "1.1";
  try {
    return parse(text.replace(/^\ufeff/, ""), (_key, value) => asNumber(value), {
      intAsBigInt: true,
      version,
      uniqueKeys: !isOld,
      // The library takes a lone dot for a float of 1.1, where PyYAML sees a text.
      customTags: (tags) => isOld ? tags.filter(isNoFloat) : tags,
      maxAliasCount: MAX_ALIASES,
      prettyErrors: true,
      logLevel: "error",
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    const message = `Cannot read ${file} as YAML: ${reason?.replace(/:$/, "")}`;
    throw new ConfigError("unreadable", message, { cause });
  }
}

/** An integer; a bigint stays one where a number would round it. */
function asNumber(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function isNoFloat(tag: Tags[number]): boolean {
  return (typeof tag === "string" ? tag : tag.tag) !== "tag:yaml.org,2002:float";
}
