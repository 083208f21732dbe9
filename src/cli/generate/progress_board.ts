/** Lines at the bottom of a terminal that redraw themselves, below text that stays. */

import type { Io } from "../io.ts";
import { fit } from "../text.ts";

/** Most lines, so that the text above stays in view. */
const MAX_LINES = 12;

/** The lines. They go to standard error: standard output is for results. */
export class ProgressBoard implements Disposable {
  readonly #io: Io;
  readonly #lines = new Map<number, string>();
  #summary = "";
  #height = 0;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Shows a line, in the order of the keys. */
  set(key: number, line: string): void {
    if (this.#lines.get(key) === line) return;
    this.#lines.set(key, line);
    this.#redraw();
  }

  /** Takes a line away. */
  delete(key: number): void {
    if (this.#lines.delete(key)) this.#redraw();
  }

  /** Shows a line below the others. */
  summarize(summary: string): void {
    this.#summary = summary;
    this.#redraw();
  }

  /** Writes text that stays, with the lines out of its way. */
  write(write: () => void): void {
    this.#erase();
    write();
    this.#redraw();
  }

  [Symbol.dispose](): void {
    this.#lines.clear();
    this.#summary = "";
    this.#erase();
  }

  #redraw(): void {
    if (!this.#io.errIsTerminal) return;
    const most = Math.max(1, Math.min(MAX_LINES, this.#io.rows() - 2));
    const keys = [...this.#lines.keys()].sort((a, b) => a - b).slice(0, most);
    const lines = keys.map((key) => this.#lines.get(key) ?? "");
    if (this.#summary !== "") lines.push(this.#summary);
    // One column is left free: a full line would wrap on some terminals.
    const text = lines.map((line) => `${fit(line, this.#io.columns() - 1)}\n`).join("");
    // To the first column too: a terminal shows ^C where the cursor was.
    const up = this.#height === 0 ? "" : `\r\x1b[${this.#height}A\x1b[J`;
    this.#height = lines.length;
    if (up !== "" || text !== "") this.#io.err(`${up}${text}`);
  }

  #erase(): void {
    if (this.#height > 0) this.#io.err(`\r\x1b[${this.#height}A\x1b[J`);
    this.#height = 0;
  }
}
