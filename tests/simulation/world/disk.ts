/**
 * The disk: real files in memory, each call one event of its process, with a pause, a disk that is full
 * and one that is slow.
 */

import {
  forgetPower,
  noteContent,
  noteName,
  noteOpen,
  noteRemoval,
  noteRename,
  noteSync,
} from "./power.ts";
import { currentProcess, presentWorld } from "./world.ts";
import { replace } from "./replace.ts";

/** What the disk suffers from. */
export const disk = {
  /** Nothing more can be written. */
  isFull: false,
  /** Longest time of one call, in milliseconds. */
  mostMs: 2,
};

/** What nothing simulated uses so far. It would take real time, which no seed repeats. */
const UNKNOWN = [
  ...["chmod", "chown", "create", "makeTempDir", "readLink", "symlink", "truncate"],
  ...["utime", "writeTextFile", "connect", "connectTls", "resolveDns"],
] as readonly (keyof typeof Deno)[];

/** The same of files. */
const UNKNOWN_OF_FILES: readonly (keyof Deno.FsFile)[] = [
  "lock",
  "syncData",
  "truncate",
  "unlock",
  "utime",
];

/** When files were made, by the wall clock of the world, by path. */
const made = new Map<string, number>();

/** Makes the disk as it was. */
export function mendDisk(): void {
  disk.isFull = false;
  disk.mostMs = 2;
  made.clear();
  forgetPower();
}

type Call<A extends unknown[], R> = (...args: A) => R;

/** Replaces what the sandbox and the worker use of `Deno`. */
export function installDisk(): void {
  const { openSync, mkdirSync, realPathSync, removeSync, readDirSync, lstatSync, statSync } = Deno;
  const { linkSync, renameSync, readFileSync, writeFileSync, readTextFileSync } = Deno;
  const { makeTempFileSync, copyFileSync } = Deno;
  put("open", (...[path, options]: Parameters<typeof openSync>) => {
    if (options?.write === true) dirty(path);
    const file = own(openSync(path, options));
    noteOpen(file, path, options?.createNew === true);
    return file;
  });
  replace(Deno, "openSync", (path, options) => own(openSync(path, options)));
  put("mkdir", mkdirSync);
  put("realPath", realPathSync);
  put("remove", (path: string, options?: Deno.RemoveOptions) => {
    noteRemoval(path);
    removeSync(path, options);
  });
  put("readTextFile", readTextFileSync);
  put("readFile", (path: string | URL) => readFileSync(path));
  put("link", (from: string, to: string) => {
    dirty(to);
    linkSync(from, to);
    noteName(to);
  });
  put("copyFile", (from: string, to: string) => {
    dirty(to);
    copyFileSync(from, to);
    noteName(to);
    noteContent(to);
  });
  put("rename", (from: string, to: string) => {
    dirty(to);
    noteRemoval(to);
    renameSync(from, to);
    noteRename(from, to);
  });
  put("writeFile", (path: string, bytes: Uint8Array) => {
    dirty(path);
    writeFileSync(path, bytes);
    noteName(path);
    noteContent(path);
  });
  put("makeTempFile", (options: Deno.MakeTempOptions) => {
    dirty("");
    const path = makeTempFileSync(options);
    noteName(path);
    return path;
  });
  put("lstat", (path: string) => dated(path, lstatSync(path)));
  put("stat", (path: string | URL) => dated(String(path), statSync(path)));
  installReadDir(readDirSync);
  installFiles();
  installStreams();
  for (const name of UNKNOWN) refuse(Deno, name);
  for (const name of UNKNOWN_OF_FILES) refuse(Deno.FsFile.prototype, name);
  // Each process sees inodes of its own, so that a killed worker holds no lock.
  replace(Deno, "statSync", (path: string | URL) => {
    const process = currentProcess();
    const info = statSync(path);
    return process === undefined ? info : { ...info, ino: info.ino ?? 0, dev: nameNumber(process) };
  });
}

function put<N extends keyof typeof Deno>(name: N, sync: Call<never[], unknown>): void {
  const real = Deno[name] as Call<unknown[], unknown>;
  const call = (...args: unknown[]) =>
    currentProcess() === undefined
      ? real(...args)
      : step(name, () => (sync as Call<unknown[], unknown>)(...args));
  replace(Deno, name, call as (typeof Deno)[N]);
}

function step<T>(name: string, run: () => T): Promise<T> {
  const process = currentProcess();
  const world = presentWorld();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  if (process?.isAlive !== true) return promise;
  world.schedule(process, world.random.between(0.01, disk.mostMs), `disk ${name}`, () => {
    try {
      resolve(run());
    } catch (error) {
      reject(error);
    }
  });
  return promise;
}

/** Has a file closed when its process is killed, unless that closed it. */
function own(file: Deno.FsFile): Deno.FsFile {
  currentProcess()?.onKill.push(() => {
    try {
      file.close();
    } catch {
      // It is closed already.
    }
  });
  return file;
}

function dirty(path: string | URL): void {
  if (disk.isFull) throw noSpace();
  if (path !== "") made.set(String(path), presentWorld().wallMs);
}

function noSpace(): Error {
  presentWorld().count("disk full");
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}

function dated(path: string, info: Deno.FileInfo): Deno.FileInfo {
  const at = made.get(path) ?? presentWorld().wallMs;
  return { ...info, mtime: new Date(at) };
}

function installReadDir(readDirSync: typeof Deno.readDirSync): void {
  const real = Deno.readDir;
  replace(Deno, "readDir", (path) => {
    if (currentProcess() === undefined) return real(path);
    return (async function* () {
      const entries = await step("readDir", () => [...readDirSync(path)]);
      // The order of a real directory is nobody's choice.
      yield* entries.sort((a, b) => a.name < b.name ? -1 : 1);
    })();
  });
}

function installFiles(): void {
  const file = Deno.FsFile.prototype;
  const { write, read, seek, stat, sync, tryLockSync } = file;
  replace(file, "read", function (this: Deno.FsFile, buffer: Uint8Array) {
    if (currentProcess() === undefined) return read.call(this, buffer);
    return step("read", () => this.readSync(buffer));
  });
  replace(
    file,
    "seek",
    function (this: Deno.FsFile, offset: number, whence: Deno.SeekMode) {
      if (currentProcess() === undefined) return seek.call(this, offset, whence);
      return step("seek", () => this.seekSync(offset, whence));
    } as typeof seek,
  );
  replace(file, "stat", function (this: Deno.FsFile) {
    return currentProcess() === undefined ? stat.call(this) : step("stat", () => this.statSync());
  });
  replace(file, "write", function (this: Deno.FsFile, bytes: Uint8Array) {
    if (currentProcess() === undefined) return write.call(this, bytes);
    return step("write", () => {
      if (disk.isFull) throw noSpace();
      noteContent(this);
      return this.writeSync(bytes);
    });
  });
  replace(file, "sync", function (this: Deno.FsFile) {
    return currentProcess() === undefined ? sync.call(this) : step("sync", () => noteSync(this));
  });
  replace(file, "tryLockSync", function (this: Deno.FsFile, isExclusive?: boolean) {
    return currentProcess() === undefined ? tryLockSync.call(this, isExclusive) : true;
  });
}

function installStreams(): void {
  const file = Deno.FsFile.prototype;
  const { get } = Object.getOwnPropertyDescriptor(file, "readable")!;
  Object.defineProperty(file, "readable", {
    get(this: Deno.FsFile) {
      return currentProcess() === undefined ? get!.call(this) : streamOf(this);
    },
  });
}

function streamOf(file: Deno.FsFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(out) {
      const bytes = new Uint8Array(16_384);
      const count = await file.read(bytes);
      if (count !== null) return out.enqueue(bytes.subarray(0, count));
      file.close();
      out.close();
    },
    cancel: () => file.close(),
  });
}

function refuse<T extends object>(of: T, name: keyof T): void {
  const real = of[name] as Call<unknown[], unknown>;
  const call = function (this: unknown, ...args: unknown[]) {
    if (currentProcess() === undefined) return real.apply(this, args);
    throw new Error(`${String(name)} is not simulated: teach world/disk.ts how`);
  };
  replace(of, name, call as T[keyof T]);
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

function nameNumber(process: object): number {
  const number = numbers.get(process) ?? ++lastNumber;
  numbers.set(process, number);
  return number;
}
