/**
 * The C library, through FFI: the few calls that neither Deno nor the ZeroMQ addon offers.
 *
 * Besides `libzmq.ts` no other file of the project opens a library.
 */

/** The library's file name by operating system. */
const NAMES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};

const SYMBOLS = {
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  ppoll: {
    parameters: ["buffer", "usize", "buffer", "pointer"],
    result: "i32",
    optional: true,
  },
  pipe: { parameters: ["buffer"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32", optional: true },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32", optional: true },
  sched_yield: { parameters: [], result: "i32" },
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32", nonblocking: true },
  getaddrinfo: {
    parameters: ["buffer", "pointer", "pointer", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  freeaddrinfo: { parameters: ["pointer"], result: "void" },
  dl_iterate_phdr: { parameters: ["function", "pointer"], result: "i32", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions in use; `man 2` of each tells what it does. */
export type LibcSymbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** A share in the library, to be given back. */
export interface Libc extends Disposable {
  readonly symbols: LibcSymbols;
}

/** One for all, since opening one takes 4 ms; closed with its last user. */
let shared: { handle: Deno.DynamicLibrary<typeof SYMBOLS>; users: number } | undefined;

/**
 * Opens the C library; `undefined` on systems whose library is not known.
 *
 * @throws {Deno.errors.NotCapable} without the permission for FFI.
 */
export function openLibc(): Libc | undefined {
  const name = NAMES[Deno.build.os];
  if (name === undefined) return undefined;
  shared ??= { handle: Deno.dlopen(name, SYMBOLS), users: 0 };
  shared.users++;
  return { symbols: shared.handle.symbols, [Symbol.dispose]: release };
}

function release(): void {
  if (shared === undefined || --shared.users > 0) return;
  shared.handle.close();
  shared = undefined;
}

/** Of Linux's headers. */
const RLIMIT_NOFILE = 7;

/** How many files and sockets this process may have open, on Linux. */
export function mostDescriptors({ symbols }: Libc): number {
  const limits = new BigUint64Array(2);
  symbols.getrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer));
  return Number(limits[0]);
}

/** Where `struct dl_phdr_info` of link.h has the pointer to the name. */
const NAME_OFFSET = 8;

/**
 * Paths of the libraries that the process has loaded, addons among them; none where that cannot be asked.
 *
 * @throws {Deno.errors.NotCapable} without the permission for FFI.
 */
export function loadedLibraries(): string[] {
  using libc = openLibc();
  const iterate = libc?.symbols.dl_iterate_phdr;
  if (iterate === null || iterate === undefined) return [];
  const paths: string[] = [];
  const visit = new Deno.UnsafeCallback(
    { parameters: ["pointer", "usize", "pointer"], result: "i32" },
    (info) => {
      const name = info && new Deno.UnsafePointerView(info).getPointer(NAME_OFFSET);
      if (name) paths.push(Deno.UnsafePointerView.getCString(name));
      return 0;
    },
  );
  iterate(visit.pointer, null);
  visit.close();
  return paths;
}
