/** How many connections there are from each address, and which of them are too many. */

import type { Libc } from "./libc.ts";

/** Of Linux's headers: kinds of addresses, and room for the longest of those. */
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const ADDRESS_BYTES = 128;

/** How an IPv4 address begins in IPv6. */
const MAPPED = "00000000000000000000ffff";

/** Bytes of an IPv6 address that name the network: whoever has one has all addresses in it. */
const NETWORK_BYTES = 8;

/** How many addresses may have all that one may have. */
const FULL_ADDRESSES = 4;

/** Counts connections by where they come from. */
export class Peers {
  readonly #most: number;
  readonly #mostOfAll: number;
  readonly #sources = new Map<number, string>();
  readonly #descriptors = new Map<string, Set<number>>();

  /**
   * Counts none yet.
   *
   * @param most Connections from one address; in all there may be four times as many.
   * @param room Connections that there is room for in any case.
   */
  constructor(most: number, room = Infinity) {
    this.#most = most;
    this.#mostOfAll = Math.min(most * FULL_ADDRESSES, Math.max(1, room));
  }

  /**
   * Notes a connection.
   *
   * @returns which one has to go for it: itself if its address has as many already as it may have; where all
   *   together are too many, the last of the address that has the most. Undefined for none.
   */
  open(descriptor: number, source: string): number | undefined {
    this.close(descriptor);
    this.#sources.set(descriptor, source);
    const own = this.#descriptors.get(source) ?? new Set();
    this.#descriptors.set(source, own.add(descriptor));
    if (own.size > this.#most) return descriptor;
    return this.#sources.size > this.#mostOfAll ? this.#lastOfMost(own) : undefined;
  }

  /** Where a connection comes from that is known. */
  sourceOf(descriptor: number): string {
    return this.#sources.get(descriptor) ?? "";
  }

  /** Notes that a connection has gone, if it was known. */
  close(descriptor: number): void {
    const source = this.#sources.get(descriptor);
    if (source === undefined) return;
    this.#sources.delete(descriptor);
    const own = this.#descriptors.get(source);
    own?.delete(descriptor);
    if (own?.size === 0) this.#descriptors.delete(source);
  }

  #lastOfMost(own: ReadonlySet<number>): number | undefined {
    let most = own;
    for (const descriptors of this.#descriptors.values()) {
      if (descriptors.size > most.size) most = descriptors;
    }
    return [...most].at(-1);
  }
}

/** Tells where connections come from, as the kernel knows it; a network of IPv6 counts as one address. */
export class Sources {
  readonly #libc: Libc;
  readonly #address = new Uint8Array(ADDRESS_BYTES);
  readonly #length = new Uint32Array(1);
  readonly #lengthBytes = new Uint8Array(this.#length.buffer);

  /** Asks by this library. */
  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Where a connection comes from; undefined if it has gone. */
  of(descriptor: number): string | undefined {
    this.#length[0] = ADDRESS_BYTES;
    const { getpeername } = this.#libc.symbols;
    if (getpeername(descriptor, this.#address, this.#lengthBytes) !== 0) return undefined;
    return sourceOf(this.#address);
  }
}

/** Reads an address as Linux keeps it. */
export function sourceOf(address: Uint8Array): string | undefined {
  const family = new DataView(address.buffer, address.byteOffset).getUint16(0, true);
  if (family === AF_UNIX) return "ipc";
  if (family === AF_INET) return address.subarray(4, 8).join(".");
  if (family !== AF_INET6) return undefined;
  const hex = address.subarray(8, 24).toHex();
  if (hex.startsWith(MAPPED)) return address.subarray(20, 24).join(".");
  return `${hex.slice(0, 2 * NETWORK_BYTES).replace(/.{4}(?=.)/g, "$&:")}::/64`;
}
