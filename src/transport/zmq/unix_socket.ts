/** Asking who listens on a Unix socket, which is how a dead process's file is told from a live one's. */

import { openLibc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;

/** `sun_path` holds that many bytes at least, the closing zero included (macOS; Linux has 108). */
const MAX_PATH_BYTES = 104;

/**
 * Connects to the socket file for a moment; true when a process accepts. `Deno.connect` would ask for a
 * network permission that names each path.
 */
export async function isListening(path: string): Promise<boolean> {
  using libc = openLibc();
  if (libc === undefined) return false;
  const address = socketAddress(path);
  const descriptor = libc.symbols.socket(AF_UNIX, SOCK_STREAM, 0);
  if (address === undefined || descriptor < 0) return false;
  const failed = await libc.symbols.connect(descriptor, address, address.length);
  libc.symbols.close(descriptor);
  return failed === 0;
}

/** `struct sockaddr_un`: a 16-bit family on Linux; a length and an 8-bit family on macOS. */
function socketAddress(path: string): Uint8Array<ArrayBuffer> | undefined {
  const name = new TextEncoder().encode(path);
  if (name.length >= MAX_PATH_BYTES) return undefined;
  const address = new Uint8Array(2 + MAX_PATH_BYTES);
  address.set(Deno.build.os === "linux" ? [AF_UNIX, 0] : [address.length, AF_UNIX]);
  address.set(name, 2);
  return address;
}
