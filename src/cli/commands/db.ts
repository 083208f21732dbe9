/** `db`: looks after the file of the queue. */

import { isDatabaseUrl, loadConfig } from "../../config/mod.ts";
import { ConfigError } from "../../errors.ts";
import { backupQueue, checkQueue, deadDeliveries } from "../../queue/sqlite/care.ts";
import { vacuumQueue } from "../../queue/sqlite/vacuum.ts";
import { redact } from "../../redact.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { printable } from "../text.ts";

/** What can be done. */
export type DbAction = "check" | "backup" | "vacuum" | "webhooks";

/** Dead deliveries that are listed. */
const MOST_LISTED = 1_000;

/** What does the same for PostgreSQL. */
const TOOLS: Readonly<Record<DbAction, string>> = {
  check: "pg_amcheck",
  backup: "pg_dump",
  vacuum: "VACUUM",
  webhooks: "GET /v1/webhooks over HTTP",
};

/** Options of the command. */
export interface DbOptions {
  /** The file. @default {that of the settings} */
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
  } else if (action === "webhooks") {
    for (const { id, jobId, url, attempts, error = "" } of deadDeliveries(dbPath, MOST_LISTED)) {
      io.out(
        `${
          [id, jobId, redact(url), attempts, error].map((part) => printable(String(part))).join(
            "\t",
          )
        }\n`,
      );
    }
  } else if (target !== undefined) {
    await backupQueue(dbPath, target);
    io.out(`${printable(target)}\n`);
  }
  return EXIT.ok;
}
