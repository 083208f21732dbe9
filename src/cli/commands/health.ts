/** `health`: whether all that a worker needs is there, one line each. */

import { type Flags, loadConfig } from "../../config/mod.ts";
import { connectTo } from "../connection.ts";
import { EXIT } from "../errors.ts";
import {
  type Check,
  checkDatabase,
  checkDisk,
  checkOutput,
  checkProxy,
  checkServers,
  checkWorker,
  checkWorkflows,
} from "../health_checks.ts";
import type { Io } from "../io.ts";
import { printable } from "../text.ts";

/** How to look and tell. */
export interface HealthOptions {
  /** Whether to say more of each. */
  verbose: boolean;
  /** Whether to write JSON. */
  json: boolean;
  /** Longest wait for an answer in seconds. */
  timeoutS: number;
}

/** Runs the command; resolves with its exit code. */
export async function runHealth(
  flags: Flags,
  { verbose, json, timeoutS }: HealthOptions,
  io: Io,
): Promise<number> {
  const { config, warnings } = await loadConfig({ flags, env: (name) => io.env(name) });
  for (const warning of warnings) io.err(`warning: ${printable(warning)}\n`);
  await using client = await connectTo(config.zmq, timeoutS);
  const worker = await checkWorker(client, config.zmq.reqRepAddr);
  const checks = [
    worker,
    ...checkProxy(config, (name) => io.env(name)),
    ...await checkServers(client, config, worker.state === "ok"),
    await checkWorkflows(config),
    await checkOutput(config),
    await checkDisk(config, io),
    await checkDatabase(config),
  ];
  for (const check of checks) {
    io.out(json ? `${JSON.stringify(check)}\n` : describe(check, verbose));
  }
  if (worker.state !== "ok") return EXIT.unreachable;
  return checks.every(({ state }) => state === "ok") ? EXIT.ok : EXIT.failed;
}

const MARKS = { ok: "ok     ", failed: "FAILED ", unknown: "unknown" } as const;

function describe({ name, state, message, details }: Check, verbose: boolean): string {
  const lines = [`${MARKS[state]} ${name} ${message}`];
  if (verbose) lines.push(...details.map((detail) => `        ${detail}`));
  return lines.map((line) => `${printable(line)}\n`).join("");
}
