/** The outside world as commands see it, so that a test can be it. */

import type { LogOutput } from "./log_sink.ts";
import type { Right } from "./rights.ts";

/** Where a command writes, and what may interrupt it. */
export interface Io {
  /** Writes to standard output, for what was asked for. */
  out(text: string): void;
  /** Writes to standard error, for logs and complaints. */
  err(text: string): void;
  /** True if standard output is a terminal, which can redraw a line. */
  readonly outIsTerminal: boolean;
  /** True if standard error is a terminal. */
  readonly errIsTerminal: boolean;
  /** Width of the terminal in columns. */
  columns(): number;
  /** Height of the terminal in rows. */
  rows(): number;
  /** Reads an environment variable; undefined if it is not set or not ours to read. */
  env(name: string): string | undefined;
  /**
   * Calls back with each key pressed until disposed of; undefined if standard input is no terminal.
   * Ctrl-C is a key then, `"\x03"`, and sends no signal.
   */
  onKey(listener: (key: string) => void): Disposable | undefined;
  /**
   * Writes a question to the terminal and resolves with its answer; undefined if none that matches comes in
   * time, or if standard input or output is no terminal.
   */
  askTerminal(question: string, answer: RegExp, timeoutMs: number): Promise<string | undefined>;
  /** Bytes free on the file system of a path that is there. */
  freeBytes(path: string): Promise<number>;
  /** Calls back at each SIGINT or SIGTERM until disposed of. */
  onStopSignal(listener: (signal: "SIGINT" | "SIGTERM") => void): Disposable;
  /** Calls back at each SIGHUP until disposed of; the signal then does nothing else. */
  onHangup(listener: () => void): Disposable;
  /** Opens a file to append to, or standard error without a path, to be written beside other work. */
  openLog(path: string | undefined): Promise<LogOutput>;
  /** Gives up rights of the process for good. */
  giveUp(rights: readonly Right[]): void;
  /** Has the process end when the command does, whatever is still under way. */
  endAtOnce(): void;
}

/** Width for tables: programs want a row on a line, however long it is. */
export function tableWidth(io: Pick<Io, "outIsTerminal" | "columns">): number {
  return io.outIsTerminal ? io.columns() : Infinity;
}
