/** What the C library is asked for besides sockets. */

import { openLibc } from "./zmq/libc.ts";

/**
 * Keeps open, for who is about to make a gate and sockets, what each of them would open and close again in 4 ms;
 * undefined where that is not known.
 */
export function holdSystem(): Disposable | undefined {
  return Deno.build.os === "linux" ? openLibc() : undefined;
}

/** Gives back to the system what has been freed, which glibc would keep; a millisecond or a few. */
export function giveBackMemory(): void {
  using libc = Deno.build.os === "linux" ? openLibc() : undefined;
  libc?.symbols.malloc_trim?.(0n);
}
