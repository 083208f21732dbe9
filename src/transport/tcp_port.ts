/**
 * The connections to a TCP port of this process that another server accepts, as the kernel knows them:
 * Deno's own tells of none before its first request is there, and ends none. On Linux.
 */

import { type Libc, mostDescriptors, openLibc } from "./zmq/libc.ts";

/** Of Linux's headers; see `man 2` of the calls. */
const AF_INET = 2;
const AF_INET6 = 10;
const ADDRESS_BYTES = 128;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const SHUT_RDWR = 2;
const F_GETFD = 1;

/** Places in `struct tcp_info`, and its length up to the last of them. */
const UNACKED_AT = 24;
const ACKED_BYTES_AT = 120;
const UNSENT_BYTES_AT = 144;
const TCP_INFO_BYTES = 148;

/** Input, output and errors have the first descriptors. */
const FIRST_DESCRIPTOR = 3;

/** One connection. */
export interface PortConnection {
  /** The descriptor of this end. */
  readonly descriptor: number;
  /** Address of the other end; of IPv6 eight groups of four digits. */
  readonly hostname: string;
  /** Port of the other end. */
  readonly port: number;
}

/** The connections of a port. */
export interface PortConnections extends Disposable {
  /** Files and sockets that this process may have open. */
  readonly mostDescriptors: number;
  /** All that are open now. */
  list(): PortConnection[];
  /** What the other end has taken so far, in bytes, and whether more waits for it. */
  sent(connection: PortConnection): { readonly takenBytes: number; readonly isWaiting: boolean };
  /** Ends one. */
  cut(connection: PortConnection): void;
}

/** Looks at a port; undefined where the kernel cannot be asked. */
export function connectionsTo(port: number): PortConnections | undefined {
  const libc = Deno.build.os === "linux" ? openLibc() : undefined;
  return libc && new KnownConnections(libc, port);
}

class KnownConnections implements PortConnections {
  readonly mostDescriptors: number;
  readonly #libc: Libc;
  readonly #port: number;
  readonly #address = new Uint8Array(ADDRESS_BYTES);
  readonly #view = new DataView(this.#address.buffer);
  readonly #info = new Uint8Array(TCP_INFO_BYTES);
  readonly #infoView = new DataView(this.#info.buffer);
  readonly #length = new Uint32Array(1);
  readonly #lengthBytes = new Uint8Array(this.#length.buffer);
  /** The highest descriptor that was open at the last look; new ones fill gaps and follow without any. */
  #highest: number;

  constructor(libc: Libc, port: number) {
    this.#libc = libc;
    this.#port = port;
    this.mostDescriptors = mostDescriptors(libc);
    this.#highest = Math.min(this.mostDescriptors, 1_024);
  }

  list(): PortConnection[] {
    const { getsockname, getpeername, fcntl } = this.#libc.symbols;
    const found: PortConnection[] = [];
    let highest = FIRST_DESCRIPTOR;
    for (let descriptor = FIRST_DESCRIPTOR;; descriptor++) {
      if (!this.#ask(getsockname, descriptor)) {
        if (fcntl(descriptor, F_GETFD) >= 0) highest = descriptor;
        else if (descriptor > this.#highest) break;
        continue;
      }
      highest = descriptor;
      if (!this.#isInternet() || this.#view.getUint16(2) !== this.#port) continue;
      // Not what listens: that is connected to nobody.
      if (!this.#ask(getpeername, descriptor) || !this.#isInternet()) continue;
      const port = this.#view.getUint16(2);
      found.push({ descriptor, hostname: hostnameOf(this.#address), port });
    }
    this.#highest = highest;
    return found;
  }

  sent({ descriptor }: PortConnection): { takenBytes: number; isWaiting: boolean } {
    this.#length[0] = TCP_INFO_BYTES;
    this.#info.fill(0);
    const { getsockopt } = this.#libc.symbols;
    getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, this.#info, this.#lengthBytes);
    const waiting = this.#infoView.getUint32(UNACKED_AT, true) +
      this.#infoView.getUint32(UNSENT_BYTES_AT, true);
    const takenBytes = Number(this.#infoView.getBigUint64(ACKED_BYTES_AT, true));
    return { takenBytes, isWaiting: waiting > 0 };
  }

  cut({ descriptor }: PortConnection): void {
    this.#libc.symbols.shutdown(descriptor, SHUT_RDWR);
  }

  [Symbol.dispose](): void {
    this.#libc[Symbol.dispose]();
  }

  #ask(call: Libc["symbols"]["getpeername"], descriptor: number): boolean {
    this.#length[0] = ADDRESS_BYTES;
    return call(descriptor, this.#address, this.#lengthBytes) === 0;
  }

  #isInternet(): boolean {
    const family = this.#view.getUint16(0, true);
    return family === AF_INET || family === AF_INET6;
  }
}

/** Reads an address as Linux keeps it. */
function hostnameOf(address: Uint8Array): string {
  if (address[0] === AF_INET) return address.subarray(4, 8).join(".");
  return address.subarray(8, 24).toHex().replace(/.{4}(?=.)/g, "$&:");
}
