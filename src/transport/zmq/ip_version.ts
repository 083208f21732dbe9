/**
 * Which addresses need ZeroMQ's IPv6 option. It is off unless set, and then `[::1]` is "No such device"; set,
 * names that have both kinds of address are looked for by IPv6 first, where a server on 127.0.0.1 is not.
 */

import { ipv6Need } from "./address.ts";
import { openLibc } from "./libc.ts";

const AF_INET = 2;
const AF_INET6: Partial<Record<typeof Deno.build.os, number>> = { linux: 10, darwin: 30 };

/** Where `struct addrinfo` of netdb.h has the family and the next entry, on 64-bit systems. */
const FAMILY_OFFSET = 4;
const NEXT_OFFSET = 40;

/** More entries than a name has addresses; a list that goes on is not believed. */
const MAX_ENTRIES = 256;

/** True for an IPv6 address in brackets, and for a name that has IPv6 addresses only. */
export async function needsIpv6(address: string): Promise<boolean> {
  const need = ipv6Need(address);
  if (typeof need === "boolean") return need;
  const families = await lookUpFamilies(need);
  return !families.has(AF_INET) && families.has(AF_INET6[Deno.build.os] ?? AF_INET);
}

/** The families of a name's addresses; none if it has no address, as names of interfaces have none. */
async function lookUpFamilies(host: string): Promise<Set<number>> {
  const families = new Set<number>();
  using libc = openLibc();
  if (libc === undefined || host.includes("\0")) return families;
  const list = new BigUint64Array(1);
  const name = new TextEncoder().encode(`${host}\0`);
  const failed = await libc.symbols.getaddrinfo(name, null, null, new Uint8Array(list.buffer));
  if (failed !== 0) return families;
  const first = Deno.UnsafePointer.create(list[0]!);
  let entry = first;
  for (let count = 0; entry !== null && count < MAX_ENTRIES; count++) {
    const view = new Deno.UnsafePointerView(entry);
    families.add(view.getInt32(FAMILY_OFFSET));
    entry = view.getPointer(NEXT_OFFSET);
  }
  libc.symbols.freeaddrinfo(first);
  return families;
}
