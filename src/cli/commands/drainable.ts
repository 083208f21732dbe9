/** Commands that list who runs jobs; `drain` keeps new jobs from one, `resume` lets it have some again. */

import type { Client } from "../../client/mod.ts";
import { ConfigError } from "../../errors.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import { type Io, tableWidth } from "../io.ts";
import { renderTable } from "../text.ts";

/** What can be done with one. */
export const ACTIONS = ["drain", "resume"] as const;

/** One of {@linkcode ACTIONS}. */
export type Action = (typeof ACTIONS)[number];

/** Options of the commands. */
export interface DrainableOptions extends ConnectionOptions {
  /** Whether to write JSON. */
  json?: boolean;
}

/** Who is listed. */
export interface Drainable<One> {
  /** What each is; with an `s` the name of the command. */
  readonly what: "server" | "worker";
  /** Asks for all. */
  readonly list: (client: Client) => Promise<readonly One[]>;
  /** Drains or resumes one; resolves with all. */
  readonly drain: (client: Client, name: string, draining: boolean) => Promise<readonly One[]>;
  /** One as the cells of a row. */
  readonly describe: (one: One) => string[];
}

/** Runs the command; resolves with its exit code. */
export async function runDrainable<One>(
  { what, list, drain, describe }: Drainable<One>,
  action: Action | undefined,
  name: string | undefined,
  options: DrainableOptions,
  io: Io,
): Promise<number> {
  if (action !== undefined && name === undefined) {
    throw new ConfigError("usage", `Name the ${what}: ${what}s ${action} NAME`);
  }
  await using client = await openClient(options, io);
  const all = action === undefined || name === undefined
    ? await list(client)
    : await drain(client, name, action === "drain");
  if (options.json) io.out(all.map((one) => `${JSON.stringify(one)}\n`).join(""));
  else io.out(renderTable(all.map(describe), tableWidth(io)));
  return EXIT.ok;
}
