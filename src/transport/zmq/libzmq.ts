/**
 * libzmq itself, through FFI: the copy in the addon of the package `zeromq`, which exports the functions of
 * zmq.h. A message costs some 10 µs through the addon and less than 1 µs this way, and opening the file
 * takes 3 ms where loading the package, and Node's modules with it, takes 40 ms and 17 MB.
 *
 * Tried on Linux. Where the copy is not found the addon does the work.
 */

import { addonFiles } from "./addon_file.ts";
import { loadedLibraries } from "./libc.ts";
import { withPrivateCopy } from "./private_copy.ts";

const SYMBOLS = {
  zmq_ctx_new: { parameters: [], result: "pointer" },
  zmq_ctx_term: { parameters: ["pointer"], result: "i32", nonblocking: true },
  zmq_socket: { parameters: ["pointer", "i32"], result: "pointer" },
  zmq_close: { parameters: ["pointer"], result: "i32" },
  zmq_bind: { parameters: ["pointer", "buffer"], result: "i32" },
  zmq_connect: { parameters: ["pointer", "buffer"], result: "i32" },
  zmq_socket_monitor: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  zmq_getsockopt: { parameters: ["pointer", "i32", "buffer", "buffer"], result: "i32" },
  zmq_setsockopt: { parameters: ["pointer", "i32", "buffer", "usize"], result: "i32" },
  zmq_recv: { parameters: ["pointer", "buffer", "usize", "i32"], result: "i32" },
  zmq_msg_init: { parameters: ["pointer"], result: "i32" },
  zmq_msg_recv: { parameters: ["pointer", "pointer", "i32"], result: "i32" },
  zmq_msg_data: { parameters: ["pointer"], result: "pointer" },
  zmq_msg_size: { parameters: ["pointer"], result: "usize" },
  zmq_msg_gets: { parameters: ["pointer", "buffer"], result: "pointer" },
  zmq_msg_close: { parameters: ["pointer"], result: "i32" },
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
let shared: { readonly handle: Handle; users: number } | undefined;

/**
 * Opens the copy; `undefined` where there is none that can be opened.
 *
 * @throws {Deno.errors.NotCapable} without the permission for FFI.
 */
export async function openLibzmq(): Promise<Libzmq | undefined> {
  const handle = shared === undefined ? await find() : undefined;
  if (shared === undefined && handle !== undefined) shared = { handle, users: 0 };
  else handle?.close(); // another has opened it meanwhile
  if (shared === undefined) return undefined;
  shared.users++;
  return { symbols: shared.handle.symbols, [Symbol.dispose]: release };
}

type Handle = Deno.DynamicLibrary<typeof SYMBOLS>;

/** A single binary keeps its files where only the package's own loader may find them. */
async function find(): Promise<Handle | undefined> {
  const handle = firstThatOpens(addonFiles());
  if (handle !== undefined) return handle;
  await import("zeromq");
  return firstThatOpens(loadedLibraries().filter((path) => path.endsWith(".node")));
}

function firstThatOpens(paths: readonly string[]): Handle | undefined {
  for (const path of paths) {
    const handle = tryOpen(path);
    if (handle !== undefined) return handle;
  }
  return undefined;
}

/** Another addon has none of these functions, and one for a newer C library does not load. */
function tryOpen(path: string): Handle | undefined {
  try {
    return withPrivateCopy(path, (copy) => Deno.dlopen(copy, SYMBOLS));
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
