/**
 * Structured logging: the interface that parts ask for, and the two ways a line is written.
 *
 * @module
 */

import { redact } from "./redact.ts";

/** Severity of a line, least first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** The levels in order, least severe first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Facts that belong to a line; `jobId` stands on every line that concerns one job. */
export interface LogFields {
  /** The job concerned. */
  jobId?: string;
  /** Any other fact, shown as it is. */
  [field: string]: unknown;
}

/** Takes log lines. */
export interface Logger {
  /** Writes a line if `level` is not below the logger's. */
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

/** Options of {@linkcode createLogger}. */
export interface LoggerOptions {
  /** Least severity that is written. @default {"info"} */
  level?: LogLevel;
  /** `human` for a terminal, `json` for programs (one object a line). @default {"json"} */
  format?: "human" | "json";
  /** Takes each finished line, newline included. */
  write(line: string): void;
  /** Clock, Unix milliseconds. @default {Date.now} */
  now?: () => number;
  /** What no line may show, besides what `redact()` finds by itself. @default none */
  secrets?: readonly string[];
}

/** A logger that drops everything, the default of library use. */
export const silentLogger: Logger = { log: () => {} };

/** Longest text in a line, in characters: some of it comes from others, who may send megabytes. */
const MAX_TEXT_CHARS = 8_192;

/** Creates a logger that writes lines as humans or programs read them. Secrets are hidden in all of them. */
export function createLogger(options: LoggerOptions): Logger {
  const { level = "info", format = "json", write, now = Date.now, secrets = [] } = options;
  const least = LOG_LEVELS.indexOf(level);
  const render = format === "json" ? renderJson : renderHuman;
  const show: Show = (text) => {
    const shown = redact(text, secrets);
    return shown.length > MAX_TEXT_CHARS ? shown.slice(0, MAX_TEXT_CHARS) + "…" : shown;
  };
  return {
    log(lineLevel, message, fields = {}) {
      if (LOG_LEVELS.indexOf(lineLevel) < least) return;
      const line = render({ time: new Date(now()), level: lineLevel, message, fields }, show);
      write(`${printable(line)}\n`);
    },
  };
}

interface Line {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Makes a text fit to be shown. */
type Show = (text: string) => string;

function renderJson({ time, level, message, fields }: Line, show: Show): string {
  const start = { time: time.toISOString(), level, message: show(message) };
  return stringifyPlain(start, fields, show) ?? stringify({ ...start, ...fields }, show) ??
    stringify(start, show) ?? "";
}

function renderHuman({ time, level, message, fields }: Line, show: Show): string {
  const { jobId, ...rest } = fields;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) =>
      `${key}=${typeof value === "string" ? show(value) : stringify(value, show)}`
    );
  const job = jobId === undefined ? [] : [`[${jobId}]`];
  const clock = time.toISOString().slice(11, 23);
  return [clock, level.toUpperCase().padEnd(5), ...job, show(message), ...facts].join(" ");
}

/** Nearly all fields are plain values, which need no look at each part; undefined for others. */
function stringifyPlain(start: object, fields: LogFields, show: Show): string | undefined {
  const line: Record<string, unknown> = { ...start };
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value === "bigint" || (typeof value === "object" && value !== null)) {
      return undefined;
    }
    line[key] = typeof value === "string" ? show(value) : value;
  }
  return JSON.stringify(line);
}

/** A line must never fail for what is in it; undefined if it leads back to itself. */
function stringify(value: unknown, show: Show): string | undefined {
  try {
    return JSON.stringify(value, (_key, part) => {
      if (typeof part === "bigint") return String(part);
      return typeof part === "string" ? show(part) : part;
    });
  } catch {
    return undefined;
  }
}

/**
 * Spells out what steers a terminal, breaks a line, or turns around the order in which the rest is shown. JSON has such
 * characters in texts alone, where they may be spelled out.
 */
export function printable(line: string): string {
  return line.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
