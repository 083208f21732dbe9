/** Looking after the queue's SQLite file: is it whole, and a copy of it. */

import { backup, DatabaseSync } from "node:sqlite";
import { ConfigError, messageOf } from "../../errors.ts";
import { type Delivery, deliveryOf } from "../outbox.ts";
import { APPLICATION_ID } from "./schema.ts";

/** Faults that a check tells at most. */
const MOST_FAULTS = 20;

/**
 * Looks for damage; may be used while a worker runs.
 *
 * @returns what is wrong, a sentence each; none if all is well.
 * @throws {ConfigError} `unreadable` if the file is none of a queue.
 */
export function checkQueue(path: string): string[] {
  using db = openExisting(path);
  try {
    const found = db.prepare(`PRAGMA integrity_check(${MOST_FAULTS})`).all();
    const damage = found.map((row) => String(Object.values(row)[0])).filter((line) =>
      line !== "ok"
    );
    const strays = db.prepare("PRAGMA foreign_key_check").all().slice(0, MOST_FAULTS);
    return [...damage, ...strays.map(({ table }) => `A row of ${table} belongs to no job`)];
  } catch (error) {
    // Some damage ends the check itself.
    return [messageOf(error)];
  }
}

/** Pages copied in one step: all, or a busy worker would make the copy begin anew again and again. */
const ALL_PAGES = 2 ** 30;

/**
 * Writes a copy, whole at one moment; may be used while a worker runs.
 *
 * @throws {ConfigError} `unwritable` if the file is there already or cannot be written, `unreadable` for the
 *   queue's own.
 */
export async function backupQueue(path: string, target: string): Promise<void> {
  using db = openExisting(path);
  let isOurs = false;
  try {
    // What is there is left alone.
    (await Deno.open(target, { createNew: true, write: true })).close();
    isOurs = true;
    await backup(db, target, { rate: ALL_PAGES });
  } catch (cause) {
    if (isOurs) await Deno.remove(target);
    const reason = messageOf(cause);
    throw new ConfigError("unwritable", `Cannot write the copy ${target}: ${reason}`, { cause });
  }
}

/**
 * What webhooks were not told, newest first, as it stands in the file; may be used while a worker runs.
 *
 * @throws {ConfigError} `unreadable` if the file is none of a queue, or of an older version.
 */
export function deadDeliveries(path: string, limit: number): readonly Delivery[] {
  using db = openExisting(path);
  try {
    const dead = "SELECT * FROM deliveries WHERE state = 'dead' ORDER BY rowid DESC LIMIT ?";
    return db.prepare(dead).all(limit).map(deliveryOf);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new ConfigError("unreadable", `Cannot read the webhooks in ${path}: ${reason}`, {
      cause,
    });
  }
}

function openExisting(path: string): DatabaseSync & Disposable {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const owner = db.prepare("PRAGMA application_id").get()?.["application_id"];
    if (owner !== APPLICATION_ID) throw new Error("It is none of this program's");
    db.exec("PRAGMA busy_timeout = 5000");
    return db as DatabaseSync & Disposable;
  } catch (cause) {
    db?.close();
    const reason = messageOf(cause);
    throw new ConfigError("unreadable", `Cannot read the queue database ${path}: ${reason}`, {
      cause,
    });
  }
}
