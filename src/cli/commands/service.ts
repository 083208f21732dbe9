/** `service print`: a unit for systemd. */

import { ConfigError } from "../../errors.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { renderUnit } from "../service/unit.ts";

/** Options of the command. */
export interface ServiceOptions {
  /** File with settings. */
  config: string;
}

/** Runs the command; resolves with its exit code. */
export async function runServicePrint({ config }: ServiceOptions, io: Io): Promise<number> {
  if (!config.startsWith("/")) {
    throw new ConfigError("usage", `Name the file by its whole path, got ${config}`);
  }
  const command = await startCommand();
  io.out(renderUnit({ command, configFile: config }));
  const hidden = command.filter((word) => /(?:^|=)\/(?:home|root)\//.test(word));
  if (hidden.length > 0) {
    io.err(
      "The unit's user cannot see /home and /root; put Deno into /usr/local/bin and the checkout " +
        "into /opt, and print the unit there\n",
    );
  }
  return EXIT.ok;
}

/** How this program is started: the binary, or Deno with the permissions of the task `worker`. */
async function startCommand(): Promise<string[]> {
  const program = Deno.execPath();
  if (Deno.build.standalone) return [program];
  const root = decodeURIComponent(new URL("../../../", import.meta.url).pathname);
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  // No task runner in between, so that signals and the readiness are the worker's own.
  const words: string[] = tasks.worker.command.split(" ").slice(1, -1);
  const [run = "run", ...flags] = words;
  return [
    program,
    run,
    `--config=${root}deno.json`,
    ...flags.map((flag) => flag === "src/main.ts" ? `${root}src/main.ts` : flag),
  ];
}
