/** Files that ask for many images: CSV, JSON lines or YAML. */

import { parse as parseCsv } from "csv-parse";
import { parseYaml } from "../../config/mod.ts";
import { ConfigError } from "../../errors.ts";
import { parseExactJson, writeJson } from "../../exact_json.ts";
import type { GenerateValues } from "./field.ts";
import { GENERATE_FIELDS } from "./fields.ts";
import { PIXEL_FIELDS } from "./pixel.ts";

/** One line, or one entry of a list. */
export type BatchEntry =
  | { readonly place: string; readonly values: GenerateValues; readonly id: string | undefined }
  | { readonly place: string; readonly error: string };

/** An entry as it stands in the file. */
interface RawEntry {
  readonly place: string;
  readonly raw?: unknown;
  readonly error?: string;
}

/** Reads the text of a file. */
type Reader = (text: string, file: string) => RawEntry[] | Promise<RawEntry[]>;

/** Readers by the ending of the file's name. */
const READERS: Readonly<Record<string, Reader>> = {
  csv: readCsv,
  jsonl: readJsonLines,
  ndjson: readJsonLines,
  yaml: readYamlList,
  yml: readYamlList,
};

/**
 * Reads a file. An entry that is wrong is an entry too, so that it does not stop the others.
 *
 * @throws {ConfigError} if the file cannot be read as a whole.
 */
export async function readBatchFile(path: string): Promise<BatchEntry[]> {
  const reader = READERS[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ""];
  if (reader === undefined) {
    const endings = Object.keys(READERS).map((ending) => `.${ending}`).join(", ");
    throw new ConfigError(
      "usage",
      `Cannot tell the format of ${path}; its name must end in ${endings}`,
    );
  }
  return (await reader(await readText(path), path)).map(toEntry);
}

/**
 * The entries of some lines, or with these numbers in a list, as their places say; all if none is named.
 *
 * @throws {ConfigError} `usage` if there is none at one of them.
 */
export function chooseEntries(
  entries: readonly BatchEntry[],
  only: readonly number[] | undefined,
): readonly BatchEntry[] {
  if (only === undefined) return entries;
  const numberOf = ({ place }: BatchEntry) => Number(/\d+$/.exec(place)?.[0]);
  const absent = only.find((number) => !entries.some((entry) => numberOf(entry) === number));
  if (absent === undefined) return entries.filter((entry) => only.includes(numberOf(entry)));
  const [first] = entries;
  throw new ConfigError(
    "usage",
    `The file has no entry at ${absent}; an entry is named by the number that its place ends in` +
      (first === undefined ? "" : `, such as ${first.place}`),
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unreadable", `Cannot read ${path}: ${reason}`, { cause });
  }
}

function readJsonLines(text: string, file: string): RawEntry[] {
  return text.split("\n").flatMap((line, index): RawEntry[] => {
    const place = `${file}:${index + 1}`;
    if (line.trim() === "") return [];
    try {
      return [{ place, raw: parseExactJson(line) }];
    } catch (error) {
      return [{ place, error: error instanceof Error ? error.message : String(error) }];
    }
  });
}

async function readYamlList(text: string, file: string): Promise<RawEntry[]> {
  const list = await parseYaml(text, file);
  if (!Array.isArray(list)) {
    throw new ConfigError("usage", `${file} must hold a list, each entry a prompt or a map`);
  }
  return list.map((raw, index) => ({ place: `${file}#${index + 1}`, raw }));
}

interface CsvRow {
  readonly record: Record<string, string>;
  /** `lines` counts up to the end of the row, `index` its cells. */
  readonly info: { readonly lines: number; readonly index: number; readonly columns: unknown[] };
}

function readCsv(text: string, file: string): RawEntry[] {
  try {
    const rows = parseCsv(text, {
      bom: true,
      columns: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as CsvRow[];
    return rows.map(({ record, info }) => {
      const place = `${file}:${info.lines}`;
      if (info.index <= info.columns.length) return { place, raw: withoutEmpty(record) };
      return { place, error: `has ${info.index} cells for ${info.columns.length} columns` };
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unreadable", `Cannot read ${file} as CSV: ${reason}`, { cause });
  }
}

function withoutEmpty(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([, cell]) => cell !== ""));
}

function toEntry({ place, raw, error }: RawEntry): BatchEntry {
  if (error !== undefined) return { place, error };
  if (typeof raw === "string") return { place, values: { prompt: raw }, id: undefined };
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return { place, error: "must be a prompt or a map of fields" };
  }
  return readFields(place, raw as Record<string, unknown>);
}

function readFields(place: string, { id, ...raw }: Record<string, unknown>): BatchEntry {
  const values: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(raw)) {
    if (given === null) continue;
    const [name, field] = findField(key) ?? [];
    if (name === undefined || field === undefined) {
      const parts = Object.values(PIXEL_FIELDS).map(({ flag }) => flag);
      const known = ["id", ...Object.keys(GENERATE_FIELDS), ...parts].join(", ");
      return { place, error: `has an unknown field ${JSON.stringify(key)}; known are ${known}` };
    }
    values[name] = field.read(given);
    if (values[name] !== undefined) continue;
    return { place, error: `${key} must be ${field.expected}, got ${writeJson(given)}` };
  }
  if (values["prompt"] === undefined) return { place, error: "has no prompt" };
  return { place, values, id: id === undefined || id === null ? undefined : String(id) };
}

/** A field goes by the name that the wire has for it, and by that of its flag. */
function findField(key: string): [string, (typeof GENERATE_FIELDS)[string]] | undefined {
  return Object.entries({ ...GENERATE_FIELDS, ...PIXEL_FIELDS })
    .find(([name, { flag }]) => key === name || key === flag);
}
