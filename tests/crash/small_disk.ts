/** A disk that a test can fill: a file system in memory with a limit. */

/** A small file system. Disposing of it takes it away. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string;
  /** Leaves not a byte. */
  fill(): Promise<void>;
  /** Gives the space back. */
  free(): Promise<void>;
}

/** True where this process may mount file systems, as root on Linux does. */
export async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  try {
    await using _disk = await mountSmallDisk(65_536);
    return true;
  } catch {
    return false;
  }
}

/** Mounts one. */
export async function mountSmallDisk(sizeBytes: number): Promise<SmallDisk> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "dgx-pixels-disk-" }));
  const filler = `${path}/filler`;
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path]);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return {
    path,
    fill: () => fill(filler),
    free: () => Deno.remove(filler),
    async [Symbol.asyncDispose]() {
      await run("umount", [path]);
      await Deno.remove(path);
    },
  };
}

async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, append: true });
  for (const size of [65_536, 4_096, 1]) {
    try {
      const bytes = new Uint8Array(size);
      for (;;) await file.write(bytes);
    } catch {
      // It is full for pieces of this size.
    }
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stderr: "piped" }).output();
  if (!success) throw new Error(`Cannot ${command}: ${new TextDecoder().decode(stderr)}`);
}
