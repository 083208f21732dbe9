/**
 * libzmq itself, through FFI: the copy that the package `zeromq` has loaded with its addon, which exports
 * the functions of zmq.h. A message costs some 10 µs through the addon and less than 1 µs this way.
 *
 * Tried on Linux. Where the copy is not found the addon does the work.
 */

import { loadedLibraries } from "./libc.ts";
// Loads the addon, if nothing has yet.
import "zeromq";

const SYMBOLS = {
  zmq_ctx_new: { parameters: [], result: "pointer" },
  zmq_ctx_term: { parameters: ["pointer"], result: "i32", nonblocking: true },
  zmq_socket: { parameters: ["pointer", "i32"], result: "pointer" },
  zmq_close: { parameters: ["pointer"], result: "i32" },
  zmq_bind: { parameters: ["pointer", "buffer"], result: "i32" },
  zmq_getsockopt: { parameters: ["pointer", "i32", "buffer", "buffer"], result: "i32" },
  zmq_setsockopt: { parameters: ["pointer", "i32", "buffer", "usize"], result: "i32" },
  zmq_recv: { parameters: ["pointer", "buffer", "usize", "i32"], result: "i32" },
  zmq_send: { parameters: ["pointer", "buffer", "usize", "i32"], result: "i32" },
  zmq_errno: { parameters: [], result: "i32" },
  zmq_strerror: { parameters: ["i32"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions in use; https://libzmq.readthedocs.io tells what each does. */
export type LibzmqSymbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** A share in the library, to be given back. */
export interface Libzmq extends Disposable {
  readonly symbols: LibzmqSymbols;
}

/** One for all; closed with its last user, which leaves the addon its copy. */
let shared: { handle: Deno.DynamicLibrary<typeof SYMBOLS>; users: number } | undefined;

/**
 * Opens the loaded copy; `undefined` where there is none that can be opened.
 *
 * @throws {Deno.errors.NotCapable} without the permission for FFI.
 */
export function openLibzmq(): Libzmq | undefined {
  shared ??= find();
  if (shared === undefined) return undefined;
  shared.users++;
  return { symbols: shared.handle.symbols, [Symbol.dispose]: release };
}

function find(): typeof shared {
  for (const path of loadedLibraries()) {
    const handle = path.endsWith(".node") ? tryOpen(path) : undefined;
    if (handle !== undefined) return { handle, users: 0 };
  }
  return undefined;
}

/** Another addon has none of these functions. */
function tryOpen(path: string): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  try {
    return Deno.dlopen(path, SYMBOLS);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function release(): void {
  if (shared === undefined || --shared.users > 0) return;
  shared.handle.close();
  shared = undefined;
}
