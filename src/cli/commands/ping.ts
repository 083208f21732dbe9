/** `ping`: whether the worker answers, and how fast. */

import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Options of the command. */
export interface PingOptions extends ConnectionOptions {
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runPing(options: PingOptions, io: Io): Promise<number> {
  await using client = await openClient(options, io);
  const startedAt = performance.now();
  await client.ping();
  const ms = performance.now() - startedAt;
  io.out(options.json ? `${JSON.stringify({ ms })}\n` : `Answer in ${ms.toFixed(1)} ms\n`);
  return EXIT.ok;
}
