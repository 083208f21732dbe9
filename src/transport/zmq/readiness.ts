/**
 * Waiting for a file descriptor, which neither Deno nor the ZeroMQ addon can do here: the addon's own
 * waiting rests on `uv_poll`, which Deno's shim stops after one call. So `poll(2)` parks a thread of the
 * runtime's pool instead. It costs no CPU while it waits.
 */

import { type Libc, openLibc } from "./libc.ts";

/** A wait on one descriptor. */
export interface Readiness {
  /**
   * Resolves when the descriptor may be readable. It may also resolve without cause, so look before
   * you read. Calls made while one waits share it.
   */
  waitReadable(): Promise<void>;
  /** Makes a wait under way resolve at once. */
  wake(): void;
  /**
   * Lets other threads run that wait for a processor, for loops that look for a message instead of
   * waiting: the peer that is looked for may be one of those.
   */
  yieldProcessor(): void;
  /**
   * Waits at once, and with it the whole thread, but no longer than the blink of an eye: until the
   * descriptor may be readable, or some milliseconds have passed. Leaves the processor to others meanwhile.
   *
   * @param ms How long at the most. @default {0.05}
   * @returns false if it is known not to be.
   */
  blink(ms?: number): boolean;
  /** Ends a wait under way and frees everything. */
  close(): Promise<void>;
}

/** Longest time in milliseconds that `blink()` takes, unless another is given, and at all. */
const BLINK_MS = 0.05;
const LONGEST_BLINK_MS = 2;

/** How often the fallback looks, in milliseconds: a compromise of idle CPU and delay. */
const FALLBACK_INTERVAL_MS = 5;

/** `struct pollfd` is `{ int fd; short events; short revents; }` on Linux and macOS. */
const POLLFD_BYTES = 8;
const POLLIN = 1;

/** Linux's `O_CLOEXEC`: programs that the process starts must not inherit the pipe. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Watches a descriptor that stays the caller's, and must outlive the watch.
 *
 * @throws {Deno.errors.NotCapable} without the permission for FFI.
 */
export function watchDescriptor(descriptor: number): Readiness {
  const libc = openLibc();
  return libc === undefined ? new TimerReadiness() : new PollReadiness(libc, descriptor);
}

/** Looks again after a while, for systems without a known C library. */
export class TimerReadiness implements Readiness {
  #wait: { done: Promise<void>; end: () => void } | undefined;

  waitReadable(): Promise<void> {
    return (this.#wait ??= this.#start()).done;
  }

  wake(): void {
    this.#wait?.end();
  }

  /** Not to be had here. */
  yieldProcessor(): void {}

  /** Not to be had here. */
  blink(): boolean {
    return true;
  }

  close(): Promise<void> {
    this.wake();
    return Promise.resolve();
  }

  #start(): { done: Promise<void>; end: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => {
      clearTimeout(timer);
      this.#wait = undefined;
      resolve();
    };
    const timer = setTimeout(end, FALLBACK_INTERVAL_MS);
    return { done: promise, end };
  }
}

/** Parks a thread in `poll(2)`; a pipe is watched too, so that closing can end the wait at once. */
class PollReadiness implements Readiness {
  readonly #libc: Libc;
  /** Both ends of the wake-up pipe, `[read, write]`. */
  readonly #pipe = new Int32Array(2);
  /** Held as a field because the parked thread reads and writes it. */
  readonly #watched = new Uint8Array(2 * POLLFD_BYTES);
  /** The descriptor alone, for `blink()`, which may come while a thread is parked. */
  readonly #blinked = new Uint8Array(POLLFD_BYTES);
  /** `struct timespec` of a blink: seconds, nanoseconds. */
  readonly #time = new BigInt64Array(2);
  readonly #timeBytes = new Uint8Array(this.#time.buffer);
  /** One byte, that is the most the pipe ever holds. */
  readonly #byte = new Uint8Array(1);
  #wait: Promise<void> | undefined;
  #woken = false;
  #closing: Promise<void> | undefined;

  constructor(libc: Libc, descriptor: number) {
    this.#libc = libc;
    if (openPipe(libc, this.#pipe) !== 0) {
      libc[Symbol.dispose]();
      throw new Error("Cannot create a pipe: too many open files, raise the limit (ulimit -n)");
    }
    writePollfd(this.#watched, 0, descriptor);
    writePollfd(this.#blinked, 0, descriptor);
    writePollfd(this.#watched, 1, this.#pipe[0]!);
  }

  waitReadable(): Promise<void> {
    if (this.#closing) return this.#closing;
    return this.#wait ??= this.#poll();
  }

  wake(): void {
    if (this.#wait === undefined || this.#woken) return;
    this.#woken = true;
    this.#libc.symbols.write(this.#pipe[1]!, this.#byte, 1n);
  }

  yieldProcessor(): void {
    this.#libc.symbols.sched_yield();
  }

  blink(ms = BLINK_MS): boolean {
    const { ppoll } = this.#libc.symbols;
    // macOS has none.
    if (ppoll === null) {
      this.yieldProcessor();
      return true;
    }
    this.#time[1] = BigInt(Math.ceil(Math.min(Math.max(ms, 0), LONGEST_BLINK_MS) * 1e6));
    return ppoll(this.#blinked, 1n, this.#timeBytes, null) !== 0;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #poll(): Promise<void> {
    await this.#libc.symbols.poll(this.#watched, 2n, -1);
    if (this.#woken) this.#libc.symbols.read(this.#pipe[0]!, this.#byte, 1n);
    this.#woken = false;
    this.#wait = undefined;
  }

  async #close(): Promise<void> {
    this.wake();
    await this.#wait;
    for (const end of this.#pipe) this.#libc.symbols.close(end);
    this.#libc[Symbol.dispose]();
  }
}

/** macOS has no `pipe2`. */
function openPipe(libc: Libc, ends: Int32Array<ArrayBuffer>): number {
  const { pipe, pipe2 } = libc.symbols;
  return pipe2 === null ? pipe(ends) : pipe2(ends, CLOSE_ON_EXEC);
}

function writePollfd(target: Uint8Array, index: number, descriptor: number): void {
  const view = new DataView(target.buffer, index * POLLFD_BYTES, POLLFD_BYTES);
  view.setInt32(0, descriptor, true);
  view.setInt16(4, POLLIN, true);
}
