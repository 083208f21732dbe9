/**
 * A library's file as it is now. Whoever refreshes Deno's cache writes over the files there in place, and a
 * process that has one of them loaded ends by a segmentation fault (seen with Deno 2.9.6: exit status 139).
 */

import { openLibc } from "./libc.ts";

/** Closes the file when another program is started (`memfd_create(2)`). */
const MFD_CLOEXEC = 1;

/** Bytes copied at a time. */
const PIECE_BYTES = 65_536;

/**
 * Opens a copy that has no name and lies in memory, on Linux; elsewhere, and where it cannot be made or
 * opened, the file itself.
 *
 * @throws {Error} what `open` throws.
 */
export function withPrivateCopy<T>(path: string, open: (path: string) => T): T {
  using libc = openLibc();
  const create = libc?.symbols.memfd_create;
  if (libc === undefined || create === null || create === undefined) return open(path);
  const file = create(new TextEncoder().encode("libzmq\0"), MFD_CLOEXEC);
  if (file < 0) return open(path);
  try {
    const { write } = libc.symbols;
    const isWhole = copyTo((bytes) => writeAll(write, file, bytes), path);
    if (isWhole) return open(`/proc/self/fd/${file}`);
  } catch {
    // To open it needs no right to read it, and some systems run no code of a file without a name. What ails the
    // library itself shows below.
  } finally {
    libc.symbols.close(file);
  }
  return open(path);
}

/** In pieces, for nothing else would ever need as much memory as all of it. */
function copyTo(write: (bytes: Uint8Array<ArrayBuffer>) => boolean, path: string): boolean {
  using file = Deno.openSync(path);
  const piece = new Uint8Array(PIECE_BYTES);
  for (let size = file.readSync(piece); size !== null; size = file.readSync(piece)) {
    if (!write(piece.subarray(0, size))) return false;
  }
  return true;
}

function writeAll(
  write: (file: number, bytes: Uint8Array<ArrayBuffer>, size: bigint) => bigint,
  file: number,
  bytes: Uint8Array<ArrayBuffer>,
): boolean {
  for (let done = 0; done < bytes.length;) {
    const written = write(file, bytes.subarray(done), BigInt(bytes.length - done));
    if (written <= 0n) return false;
    done += Number(written);
  }
  return true;
}
