/**
 * Power cuts: what was written and not synced is lost. Files lose their ends, directories the newest of
 * their changes, as under a journal, and SQLite what it stored without a sync.
 */

import type { DatabaseSync } from "node:sqlite";
import { presentWorld } from "./world.ts";

/** A change of a directory that no sync has made safe. */
interface NameChange {
  readonly dir: string;
  /** Undoes it. */
  readonly lose: () => void;
  /** Where a file that it took away is kept, to be undone. */
  readonly kept?: string;
}

const { copyFileSync, linkSync, mkdirSync, removeSync, renameSync, statSync, truncateSync } = Deno;

/** Where files are kept that may come back; undefined while nobody looks. */
let keep: string | undefined;
let lastKept = 0;
let changes: NameChange[] = [];
let opened = new WeakMap<Deno.FsFile, string>();
/** Files with content that no sync has made safe, by their number, and where each is kept. */
const unsafe = new Map<number, string>();
/** Files of databases as they were after their last sync. */
const synced = new Map<DatabaseSync, { path: string; copy: string }>();

/** Begins to note what a power cut would take; files go into an empty directory on the same disk. */
export function watchPower(dir: string): void {
  forgetPower();
  mkdirSync(dir, { recursive: true });
  keep = dir;
}

/** Ends it. */
export function forgetPower(): void {
  keep = undefined;
  lastKept = 0;
  changes = [];
  opened = new WeakMap();
  unsafe.clear();
  synced.clear();
}

/** Notes an open file or directory. */
export function noteOpen(file: Deno.FsFile, path: string | URL, isNew: boolean): void {
  if (keep === undefined) return;
  opened.set(file, String(path));
  if (isNew) noteName(String(path));
}

/** Notes that a name came to be. */
export function noteName(path: string): void {
  if (keep === undefined) return;
  changes.push({ dir: dirOf(path), lose: () => tryTo(() => removeSync(path)) });
}

/** Notes that a file is about to go. */
export function noteRemoval(path: string): void {
  if (keep === undefined) return;
  const kept = keepFile(path);
  if (kept === undefined) return;
  changes.push({ dir: dirOf(path), kept, lose: () => tryTo(() => linkSync(kept, path)) });
}

/** Notes a new name in place of an old one. */
export function noteRename(from: string, to: string): void {
  if (keep === undefined) return;
  changes.push({ dir: dirOf(to), lose: () => tryTo(() => renameSync(to, from)) });
}

/** Notes that content was written, by its open file or by the path of one that is closed. */
export function noteContent(file: Deno.FsFile | string): void {
  if (keep === undefined) return;
  const path = typeof file === "string" ? file : opened.get(file);
  const number = (typeof file === "string" ? statSync(file) : file.statSync()).ino;
  if (path === undefined || number === null || unsafe.has(number)) return;
  const kept = keepFile(path);
  if (kept !== undefined) unsafe.set(number, kept);
}

/** Notes that a file or a directory is safe. */
export function noteSync(file: Deno.FsFile): void {
  if (keep === undefined) return;
  const { ino, isDirectory } = file.statSync();
  if (!isDirectory) {
    const kept = unsafe.get(ino ?? -1);
    if (kept !== undefined) tryTo(() => removeSync(kept));
    unsafe.delete(ino ?? -1);
    return;
  }
  const path = opened.get(file);
  for (const { dir, kept } of changes) {
    if (dir === path && kept !== undefined) tryTo(() => removeSync(kept));
  }
  changes = changes.filter(({ dir }) => dir !== path);
}

/** Notes that a database begins a change; one without a sync leaves the last safe state behind. */
export function noteChange(db: DatabaseSync, isSynced: boolean): void {
  const path = db.location();
  if (keep === undefined || isSynced || synced.has(db) || path === null) return;
  const copy = `${keep}/${++lastKept}`;
  for (const end of ["", "-wal"]) tryTo(() => copyFileSync(`${path}${end}`, `${copy}${end}`));
  synced.set(db, { path, copy });
}

/** Notes that a change was stored, with a sync: of the file, so that what others stored in it before is safe, too. */
export function noteSyncedChange(db: DatabaseSync): void {
  if (synced.size === 0) return;
  const own = db.location();
  for (const [other, { path }] of synced) if (path === own) synced.delete(other);
}

/** Takes what no sync has made safe, or a part of it. The processes that wrote it are dead. */
export function losePower(): void {
  const { random } = presentWorld();
  const lost = changes.splice(random.whole(0, changes.length));
  for (const { lose } of lost.reverse()) lose();
  for (const kept of unsafe.values()) {
    tryTo(() => truncateSync(kept, random.whole(0, statSync(kept).size)));
  }
  for (const { path, copy } of synced.values()) {
    if (random.chance(0.5)) continue;
    presentWorld().count("changes of the queue lost before a sync");
    for (const end of ["-wal", "-shm"]) tryTo(() => removeSync(`${path}${end}`));
    for (const end of ["", "-wal"]) tryTo(() => copyFileSync(`${copy}${end}`, `${path}${end}`));
  }
  presentWorld().count("names lost before a sync", lost.length);
  presentWorld().count("files cut before a sync", unsafe.size);
  changes = [];
  unsafe.clear();
  synced.clear();
}

function keepFile(path: string): string | undefined {
  const kept = `${keep}/${++lastKept}`;
  try {
    linkSync(path, kept);
    return kept;
  } catch {
    return undefined;
  }
}

function dirOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function tryTo(run: () => void): void {
  try {
    run();
  } catch {
    // What was lost before is lost, too.
  }
}
