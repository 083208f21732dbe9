/**
 * Keeps newcomers out while a process can hardly open another file: a flood of connections takes all that it may
 * have, and without any Deno itself ends (a module or an isolate that cannot be opened, 2.9.6). Neither Deno
 * nor libzmq can stop accepting, so the kernel is told to hear nobody new; who knocks tries again after a second.
 *
 * On Linux, and only where few may be open: where many may be, whoever keeps the doors cuts off a flood in time.
 */

import type { Gate } from "./sockets.ts";
import { type Libc, mostDescriptors, openLibc } from "./zmq/libc.ts";

/** From so many on a flood cannot take them all before it is cut off. */
const MANY = 4_096;

/** What is kept free for files that are opened now and then. */
const SPARE = 48;

/** Time between two looks, and for which it stays closed at least, in milliseconds. */
const LOOK_MS = 25;
const CLOSED_MS = 500;

/** Of Linux's headers. */
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_DETACH_FILTER = 27;
const SO_ACCEPTCONN = 30;
const F_GETFD = 1;
const ADDRESS_BYTES = 128;

/** Input, output and errors have the first descriptors. */
const FIRST_DESCRIPTOR = 3;

/** Connections that wait to be accepted: few while it may be closed soon, then as many as ZeroMQ has. */
const [SHORT_BACKLOG, LONG_BACKLOG] = [16, 100];

/** A program for the kernel of one instruction: keep nothing of any packet (`BPF_RET | BPF_K`, 0). */
const NOTHING = new Uint8Array([6, 0, 0, 0, 0, 0, 0, 0]);

/** Options of {@linkcode openGate}. */
export interface GateOptions {
  /** Hears when it closes by itself for the first time. */
  readonly onShort?: () => void;
  /** Files and sockets from which on none is needed. @default {4096} */
  readonly many?: number;
}

/** Makes one; undefined where none is needed, or none can be had. */
export function openGate(options: GateOptions = {}): Gate | undefined {
  const libc = Deno.build.os === "linux" ? openLibc() : undefined;
  if (libc === undefined) return undefined;
  const most = mostDescriptors(libc);
  if (most < (options.many ?? MANY)) return new KernelGate(libc, most, options);
  libc[Symbol.dispose]();
  return undefined;
}

class KernelGate implements Gate {
  readonly backlog = SHORT_BACKLOG;
  readonly mostDescriptors: number;
  readonly #libc: Libc;
  readonly #onShort: () => void;
  readonly #ports = new Set<number>();
  #isOpen = false;
  /** When files were short last. */
  #shortAtMs = -Infinity;
  #isTold = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(libc: Libc, most: number, { onShort = () => {} }: GateOptions) {
    this.#libc = libc;
    this.mostDescriptors = most;
    this.#onShort = onShort;
  }

  guard(port: number): void {
    this.#ports.add(port);
    this.#forListeners((descriptor) => this.#shut(descriptor));
  }

  open(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#letIn();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#ports.clear();
    this.#libc[Symbol.dispose]();
  }

  #look(): void {
    const nowMs = performance.now();
    // New descriptors have the lowest number that is free.
    if (this.#isUsed(this.mostDescriptors - SPARE)) {
      this.#shortAtMs = nowMs;
      // Again and again: HTTP may have begun to listen anew.
      this.#close();
    } else if (!this.#isOpen && nowMs - this.#shortAtMs >= CLOSED_MS) this.#letIn();
  }

  #close(): void {
    this.#isOpen = false;
    this.#forListeners((descriptor) => this.#shut(descriptor));
    if (!this.#isTold) this.#onShort();
    this.#isTold = true;
  }

  #letIn(): void {
    this.#isOpen = true;
    const { setsockopt, listen } = this.#libc.symbols;
    this.#forListeners((descriptor) => {
      setsockopt(descriptor, SOL_SOCKET, SO_DETACH_FILTER, new Uint8Array(4), 4);
      listen(descriptor, LONG_BACKLOG);
    });
  }

  #shut(descriptor: number): void {
    // `struct sock_fprog`: how many instructions, and where.
    const program = new BigUint64Array([
      1n,
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(NOTHING)),
    ]);
    const { setsockopt } = this.#libc.symbols;
    setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(program.buffer), 16);
  }

  /** Does something with what listens on one of the ports. */
  #forListeners(work: (descriptor: number) => void): void {
    const { getsockname, getsockopt } = this.#libc.symbols;
    const address = new Uint8Array(ADDRESS_BYTES);
    const view = new DataView(address.buffer);
    const length = new Uint32Array(1);
    const lengthBytes = new Uint8Array(length.buffer);
    const flag = new Uint32Array(1);
    const flagBytes = new Uint8Array(flag.buffer);
    for (let descriptor = FIRST_DESCRIPTOR; descriptor < this.mostDescriptors; descriptor++) {
      [length[0], flag[0]] = [4, 0];
      if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, flagBytes, lengthBytes) !== 0) continue;
      length[0] = ADDRESS_BYTES;
      if (flag[0] === 0 || getsockname(descriptor, address, lengthBytes) !== 0) continue;
      // Of IPv4 and IPv6 alike; a path of IPC can look like one, but cannot be kept closed.
      if (this.#ports.has(view.getUint16(2))) work(descriptor);
    }
  }

  #isUsed(descriptor: number): boolean {
    return this.#libc.symbols.fcntl(descriptor, F_GETFD) >= 0;
  }
}
