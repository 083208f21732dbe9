/** `db`: looks after the queue where it is stored. */

import { isDatabaseUrl, loadConfig } from "../../config/mod.ts";
import { ConfigError } from "../../errors.ts";
import { backupQueue, checkQueue, deadDeliveries } from "../../queue/sqlite/care.ts";
import { vacuumQueue } from "../../queue/sqlite/vacuum.ts";
import { redactHook } from "../../redact.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { printable } from "../text.ts";

/** What can be done. */
export type DbAction = "check" | "backup" | "vacuum" | "webhooks";

/** Dead deliveries that are listed. */
const MOST_LISTED = 1_000;

/** What does the same for PostgreSQL. */
const TOOLS: Readonly<Record<Exclude<DbAction, "webhooks">, string>> = {
  check: "pg_amcheck",
  backup: "pg_dump",
  vacuum: "VACUUM",
};

/** Options of the command. */
export interface DbOptions {
  /** The file, or a PostgreSQL URL. @default {that of the settings} */
  db?: string;
  /** File with settings. */
  config?: string;
}

/** Runs the command; resolves with its exit code. */
export async function runDb(
  action: DbAction,
  target: string | undefined,
  flags: DbOptions,
  io: Io,
): Promise<number> {
  if ((action === "backup") !== (target !== undefined)) {
    throw new ConfigError("usage", "Only db backup takes a file, and needs one: db backup FILE");
  }
  const { config } = await loadConfig({ flags });
  const { dbPath } = config.worker;
  if (action === "webhooks") {
    const dead = isDatabaseUrl(dbPath)
      // Only who has a queue there loads what speaks to it.
      ? await (await import("../../queue/postgres/care.ts")).deadDeliveriesAt(dbPath, MOST_LISTED)
      : deadDeliveries(dbPath, MOST_LISTED);
    for (const delivery of dead) io.out(`${lineOf(delivery)}\n`);
    return EXIT.ok;
  }
  if (isDatabaseUrl(dbPath)) {
    throw new ConfigError("usage", `The queue is in PostgreSQL; ${TOOLS[action]} is for that`);
  }
  if (action === "check") {
    const faults = checkQueue(dbPath);
    for (const fault of faults) io.err(`error: ${printable(fault)}\n`);
    if (faults.length > 0) return EXIT.failed;
    io.out(`${printable(dbPath)} is whole\n`);
  } else if (action === "vacuum") {
    const { beforeBytes, afterBytes } = vacuumQueue(dbPath);
    io.out(`${printable(dbPath)} has ${afterBytes} bytes, ${beforeBytes} before\n`);
  } else if (target !== undefined) {
    await backupQueue(dbPath, target);
    io.out(`${printable(target)}\n`);
  }
  return EXIT.ok;
}

function lineOf(delivery: ReturnType<typeof deadDeliveries>[number]): string {
  const { id, jobId, url, attempts, error = "" } = delivery;
  const parts = [id, jobId, redactHook(url), attempts, error];
  return parts.map((part) => printable(String(part))).join("\t");
}
