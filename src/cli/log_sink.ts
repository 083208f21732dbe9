/**
 * Where the worker's log lines go: into a bounded queue, from which they are written beside all other work.
 *
 * A disk that is full, or a reader that stops reading, then costs lines, not the worker. What was dropped
 * is counted, and told as soon as lines can be written again.
 */

/** Takes bytes somewhere, a part of them at a time. */
export interface LogOutput extends Disposable {
  /** Writes some bytes, at least one; returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Lines that were not written. */
export interface LostLines {
  /** How many. */
  readonly lines: number;
  /** Why, as far as it is known. */
  readonly why: string;
}

/** Options of {@linkcode LogSink}. */
export interface LogSinkOptions {
  /** Opens the output; called again to reopen it. */
  open(): Promise<LogOutput>;
  /** The line that tells of others that were dropped, newline included. */
  describe(lost: LostLines): string;
  /** Most bytes that wait. @default {1 MiB} */
  mostBytes?: number;
  /** Pause after a failure, in milliseconds. @default {1000} */
  retryMs?: number;
}

/** Bytes written at once. */
const CHUNK_BYTES = 65_536;

/** Shortest time between two writes, in milliseconds: each wakes up threads, whatever is in it. */
const GATHER_MS = 100;

const encoder = new TextEncoder();

/** A queue of lines before an output. */
export class LogSink implements Disposable {
  readonly #options: LogSinkOptions;
  readonly #mostBytes: number;
  readonly #closing = new AbortController();
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #lost = 0;
  #why = "they came faster than they could be written";
  #output: LogOutput | undefined;
  #isStale = true;
  #opening: Promise<LogOutput> | undefined;
  #pump: Promise<void> | undefined;
  #wroteAtMs = -Infinity;
  /** Ends the time for which lines are gathered. */
  #hurry: (() => void) | undefined;

  /** Opens nothing before there is something to write, or `open()` is called. */
  constructor(options: LogSinkOptions) {
    this.#options = options;
    this.#mostBytes = options.mostBytes ?? 1_048_576;
  }

  /**
   * Opens the output, so that one that is no good is known at the start.
   *
   * @throws whatever opening it throws.
   */
  async open(): Promise<void> {
    await this.#refresh();
  }

  /** Takes a line, newline included. Returns at once. */
  write(line: string): void {
    const bytes = encoder.encode(line);
    if (this.#bytes + bytes.length > this.#mostBytes) {
      this.#lost += 1;
      return;
    }
    this.#tellLost();
    this.#add(bytes);
    this.#start();
    if (this.#bytes > this.#mostBytes / 2) this.#hurry?.();
  }

  /** Opens the output anew before the next line, as after its file was moved away. */
  reopen(): void {
    this.#isStale = true;
    this.#hurry?.();
    this.#start();
  }

  /** Resolves when all is written, or after a time; true if all was. */
  async flush(mostMs: number): Promise<boolean> {
    this.#hurry?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, mostMs);
    await Promise.race([promise, this.#pump]);
    clearTimeout(timer);
    return this.#pump === undefined;
  }

  /** Gives up what still waits. */
  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#hurry?.();
    if (this.#pump === undefined) this.#output?.[Symbol.dispose]();
  }

  #add(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    this.#add(encoder.encode(this.#options.describe({ lines: this.#lost, why: this.#why })));
    this.#lost = 0;
  }

  #start(): void {
    if (this.#pump !== undefined || this.#closing.signal.aborted) return;
    this.#pump = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    const { signal } = this.#closing;
    await this.#gather();
    while ((this.#waiting.length > 0 || this.#isStale) && !signal.aborted) {
      try {
        await this.#refresh();
        await this.#writeSome();
        if (this.#waiting.length === 0) this.#tellLost();
      } catch (error) {
        this.#why = error instanceof Error ? error.message : String(error);
        await pause(this.#options.retryMs ?? 1_000, signal);
      }
    }
    // In the same turn as the last look at the queue: a line that came in between would wait for the next one.
    this.#pump = undefined;
    if (signal.aborted) this.#output?.[Symbol.dispose]();
  }

  async #gather(): Promise<void> {
    const leftMs = GATHER_MS - (performance.now() - this.#wroteAtMs);
    if (leftMs <= 0 || this.#isStale) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hurry = resolve;
    const timer = setTimeout(resolve, leftMs);
    await promise;
    clearTimeout(timer);
    this.#hurry = undefined;
  }

  /** An output that cannot be opened anew stays the old one, as long as there is one. */
  async #refresh(): Promise<void> {
    if (!this.#isStale) return;
    try {
      // One that hangs is not asked for twice.
      const fresh = await (this.#opening ??= this.#options.open());
      if (fresh !== this.#output) this.#output?.[Symbol.dispose]();
      this.#output = fresh;
      this.#isStale = false;
    } catch (error) {
      this.#isStale = this.#output === undefined;
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  async #writeSome(): Promise<void> {
    if (this.#output === undefined || this.#waiting.length === 0) return;
    const chunk = this.#takeChunk();
    let written = 0;
    try {
      while (written < chunk.length) written += await this.#output.write(chunk.subarray(written));
    } finally {
      // What could not be written goes first next time.
      if (written < chunk.length) this.#waiting.unshift(chunk.subarray(written));
      this.#bytes -= written;
      this.#wroteAtMs = performance.now();
    }
  }

  #takeChunk(): Uint8Array {
    let size = 0;
    const count = this.#waiting.findIndex((line) => {
      size += line.length;
      return size > CHUNK_BYTES;
    });
    const lines = this.#waiting.splice(0, count < 0 ? this.#waiting.length : Math.max(1, count));
    return lines.length === 1 ? lines[0]! : concat(lines);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = () => {
    clearTimeout(timer);
    resolve();
  };
  signal.addEventListener("abort", end);
  return promise.finally(() => signal.removeEventListener("abort", end));
}
