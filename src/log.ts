/**
 * Structured logging: the interface that parts ask for, and the two ways a line is written.
 *
 * @module
 */

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
}

/** A logger that drops everything, the default of library use. */
export const silentLogger: Logger = { log: () => {} };

/** Creates a logger that writes lines as humans or programs read them. */
export function createLogger(options: LoggerOptions): Logger {
  const { level = "info", format = "json", write, now = Date.now } = options;
  const least = LOG_LEVELS.indexOf(level);
  const render = format === "json" ? renderJson : renderHuman;
  return {
    log(lineLevel, message, fields = {}) {
      if (LOG_LEVELS.indexOf(lineLevel) < least) return;
      write(render(new Date(now()), lineLevel, message, fields) + "\n");
    },
  };
}

function renderJson(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ time: time.toISOString(), level, message, ...fields });
}

function renderHuman(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const { jobId, ...rest } = fields;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const job = jobId === undefined ? [] : [`[${jobId}]`];
  const clock = time.toISOString().slice(11, 23);
  return [clock, level.toUpperCase().padEnd(5), ...job, message, ...facts].map(printable).join(" ");
}

/** Control characters of foreign text must not steer the operator's terminal. */
function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
