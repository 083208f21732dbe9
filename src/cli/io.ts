/** The outside world as commands see it, so that a test can be it. */

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
  /** Calls back at each SIGINT or SIGTERM until disposed of. */
  onStopSignal(listener: (signal: "SIGINT" | "SIGTERM") => void): Disposable;
  /** Opens a file to append lines to. */
  openLog(path: string): LogFile;
}

/** A log file. */
export interface LogFile extends Disposable {
  /** Appends text. */
  write(text: string): void;
}
