/**
 * Ends connections that send without end. libzmq keeps a message in memory until its last frame is there,
 * and every subscription for good; the only limit it has is the size of one frame. So the kernel is asked
 * how much came over each connection, and whoever has too much under way is cut off. So is who opens more
 * connections than others need.
 *
 * On Linux. What comes over IPC comes from the same user, and the kernel does not count it.
 */

import { type FlowLimits, Flows } from "./flows.ts";
import { type Libc, mostDescriptors, openLibc } from "./libc.ts";
import type { Monitor } from "./monitor.ts";
import { Peers, Sources } from "./peers.ts";
import type { Connection, Door } from "./port.ts";

/** Time between two looks while something comes, in milliseconds; the longest while nothing does. */
const CHECK_MS = 100;
const LONGEST_CHECK_MS = 400;

/** Unfinished bytes of all from which on it is worth to tell whose they are. */
const SUSPICIOUS_BYTES = 1_048_576;

/** Looks without anything suspicious after which it no longer is. */
const CALM_CHECKS = 50;

/** What the connections of one socket may take of the descriptors. */
const DESCRIPTOR_SHARE = 0.2;

/** Of Linux's headers: `struct tcp_info` and how to get it. */
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_INFO_BYTES = 136;
const BYTES_RECEIVED_AT = 128;
const SHUT_RDWR = 2;
const SOL_SOCKET = 1;
const SO_LINGER = 13;

/** `struct linger`: the other side learns at once that nobody reads any more. */
const NO_LINGER = new Uint8Array(new Int32Array([1, 0]).buffer);

/** What a socket tells of the messages that were taken from it. */
export interface Intake {
  /** Bytes taken so far. */
  readonly takenBytes: number;
  /** Messages taken so far. */
  readonly takenMessages: number;
  /** True when the last look found none. */
  readonly isDrained: boolean;
  /** Bytes taken by descriptor, while it is asked for them; whoever reads empties it. */
  readonly takenFrom: Map<number, number>;
  /** Begins or ends to tell whose messages are, which costs a little. */
  tellSources(isWanted: boolean): void;
}

/** A socket whose messages nobody takes. */
const NO_INTAKE: Intake = {
  takenBytes: 0,
  takenMessages: 0,
  isDrained: true,
  takenFrom: new Map(),
  tellSources: () => {},
};

/** What a watch works with. */
export interface WatchOptions {
  /** What each connection may have under way. */
  readonly limits: FlowLimits;
  /** Tells of the messages that were taken. @default none is */
  readonly intake?: Intake;
  /** Lets libzmq see that a connection has ended of which it waits for nothing. @default {nothing} */
  readonly look?: () => void;
  /** Most connections from one address, and of one key. */
  readonly maxConnections: number;
  /** Hears of each connection that was one too many. @default nobody */
  readonly onRefused?: ((source: string) => void) | undefined;
}

/** Watches the connections of a socket, which tells it when to begin; `undefined` where the kernel cannot be asked. */
export function watchConnections(
  openMonitor: () => Monitor,
  options: WatchOptions,
): ConnectionWatch | undefined {
  const libc = Deno.build.os === "linux" ? openLibc() : undefined;
  return libc && new ConnectionWatch(libc, openMonitor(), options);
}

/** The watch. */
export class ConnectionWatch implements Door {
  readonly #libc: Libc;
  readonly #monitor: Monitor;
  readonly #flows: Flows;
  readonly #intake: Intake;
  readonly #isExact: boolean;
  readonly #options: WatchOptions;
  readonly #sources: Sources;
  readonly #peers: Peers;
  /** The same by keys, of those whose keys are known. */
  readonly #users: Peers;
  readonly #info = new Uint8Array(TCP_INFO_BYTES);
  readonly #view = new DataView(this.#info.buffer);
  readonly #length = new Uint32Array(1);
  readonly #lengthBytes = new Uint8Array(this.#length.buffer);
  #checkMs = CHECK_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checkedAtMs = performance.now();
  #takenBytes = 0;
  #takenMessages = 0;
  #unfinished = 0;
  #calmChecks = 0;
  #isTelling = false;

  /** See {@linkcode watchConnections}. */
  constructor(libc: Libc, monitor: Monitor, options: WatchOptions) {
    const { limits, intake, maxConnections } = options;
    this.#libc = libc;
    this.#monitor = monitor;
    this.#options = options;
    this.#sources = new Sources(libc);
    const room = Math.floor(mostDescriptors(libc) * DESCRIPTOR_SHARE);
    this.#peers = new Peers(maxConnections, room);
    this.#users = new Peers(maxConnections, room);
    this.#flows = new Flows(limits);
    this.#intake = intake ?? NO_INTAKE;
    // Without messages all that comes counts.
    this.#isExact = intake === undefined;
  }

  /** Begins to look every now and then. */
  begin(): void {
    this.#timer ??= setTimeout(() => this.#check(), CHECK_MS);
  }

  /** Ends it. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#libc[Symbol.dispose]();
    await this.#monitor.close();
  }

  connectionOf(descriptor: number): Connection | undefined {
    this.#noteChanges();
    return this.#flows.get(descriptor);
  }

  cut(connection: Connection): void {
    if (this.connectionOf(connection.descriptor) === connection) this.#cut(connection.descriptor);
  }

  noteUser(descriptor: number, user: string): void {
    if (this.connectionOf(descriptor) !== undefined) {
      this.#refuse(this.#users, this.#users.open(descriptor, user));
    }
  }

  #check(): void {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#checkedAtMs) / 1_000;
    this.#checkedAtMs = nowMs;
    this.#noteChanges();
    this.#options.look?.();
    const received = this.#noteReceived();
    this.#checkMs = received > 0 ? CHECK_MS : Math.min(this.#checkMs * 2, LONGEST_CHECK_MS);
    this.#timer = setTimeout(() => this.#check(), untilNext(this.#checkMs, nowMs));
    const { takenBytes, takenMessages, takenFrom, isDrained } = this.#intake;
    const messages = takenMessages - this.#takenMessages;
    const bytes = takenBytes - this.#takenBytes;
    [this.#takenBytes, this.#takenMessages] = [takenBytes, takenMessages];
    if (!this.#isExact && !this.#suspects(received - bytes)) return this.#flows.forget();
    // Of connections with a whole message each has one taken before any has a second.
    const isCaughtUp = isDrained || messages > this.#flows.descriptors.length;
    for (const descriptor of this.#flows.check(seconds, takenFrom, isCaughtUp)) {
      this.#cut(descriptor);
    }
    takenFrom.clear();
  }

  /** Who came and went; a descriptor that was closed may be another's already. */
  #noteChanges(): void {
    const opened = new Set<number>();
    for (let event = this.#monitor.next(); event !== undefined; event = this.#monitor.next()) {
      const { descriptor, isOpen } = event;
      this.#peers.close(descriptor);
      this.#users.close(descriptor);
      if (isOpen) {
        opened.add(descriptor);
        this.#flows.open(descriptor);
      } else {
        opened.delete(descriptor);
        this.#flows.close(descriptor);
      }
    }
    for (const descriptor of opened) {
      const source = this.#sources.of(descriptor);
      if (source !== undefined) this.#refuse(this.#peers, this.#peers.open(descriptor, source));
    }
  }

  /** Cuts off whoever is one too many. */
  #refuse(peers: Peers, excess: number | undefined): void {
    if (excess === undefined) return;
    const from = peers.sourceOf(excess);
    this.#cut(excess);
    this.#options.onRefused?.(from);
  }

  /** Asks the kernel about each connection; returns the bytes that are new. */
  #noteReceived(): number {
    let received = 0;
    const { getsockopt } = this.#libc.symbols;
    for (const descriptor of this.#flows.descriptors) {
      this.#length[0] = TCP_INFO_BYTES;
      if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, this.#info, this.#lengthBytes) !== 0) {
        this.#flows.close(descriptor);
        continue;
      }
      const bytes = Number(this.#view.getBigUint64(BYTES_RECEIVED_AT, true));
      received += this.#flows.note(descriptor, bytes);
    }
    return received;
  }

  /** Adds what came and was not taken; true while it is so much that it is known whose it is. */
  #suspects(bytes: number): boolean {
    this.#unfinished = Math.max(0, this.#unfinished + bytes);
    const isMuch = this.#unfinished > SUSPICIOUS_BYTES;
    this.#calmChecks = isMuch ? 0 : this.#calmChecks + 1;
    const wasTelling = this.#isTelling;
    this.#isTelling = isMuch || (wasTelling && this.#calmChecks < CALM_CHECKS);
    if (this.#isTelling !== wasTelling) this.#intake.tellSources(this.#isTelling);
    // What was counted wrongly, such as signs of life, is not kept for ever.
    if (isMuch) this.#unfinished -= SUSPICIOUS_BYTES / CALM_CHECKS;
    return this.#isTelling && wasTelling;
  }

  /** ZeroMQ cannot; its own thread sees the connection end, and frees what it held. */
  #cut(descriptor: number): void {
    const { setsockopt, shutdown } = this.#libc.symbols;
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, NO_LINGER, NO_LINGER.length);
    shutdown(descriptor, SHUT_RDWR);
    this.#flows.close(descriptor);
  }
}

/** Time until the next look, at which all watches look: each wake-up of the process costs more than a look. */
function untilNext(everyMs: number, nowMs: number): number {
  const leftMs = everyMs - nowMs % everyMs;
  return Math.ceil(leftMs < everyMs / 2 ? leftMs + everyMs : leftMs);
}
