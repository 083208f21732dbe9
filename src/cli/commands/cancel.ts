/** `cancel`: gives jobs up. */

import { JobError } from "../../errors.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { printable } from "../text.ts";

/** Options of the command. */
export interface CancelOptions extends ConnectionOptions {
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. One id that cannot be cancelled does not spare the others. */
export async function runCancel(
  ids: readonly string[],
  options: CancelOptions,
  io: Io,
): Promise<number> {
  await using client = await openClient(options, io);
  let code: number = EXIT.ok;
  for (const id of ids) {
    const error = await refusalOf(client.cancel(id));
    const cancelled = error === undefined;
    if (!cancelled) code = EXIT.failed;
    if (options.json) io.out(`${JSON.stringify({ job_id: id, cancelled, error })}\n`);
    else if (cancelled) io.out(`Cancelled ${printable(id)}\n`);
    else io.err(`error: ${printable(id)}: ${printable(error)}\n`);
  }
  return code;
}

async function refusalOf(cancelling: Promise<void>): Promise<string | undefined> {
  try {
    await cancelling;
    return undefined;
  } catch (error) {
    if (error instanceof JobError) return error.message;
    throw error;
  }
}
