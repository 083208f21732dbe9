/** `config`: the settings in force, with where each came from. */

import { describeConfig, type Flags, loadConfig } from "../../config/mod.ts";
import { EXIT } from "../errors.ts";
import { type Io, tableWidth } from "../io.ts";
import { printable, renderTable } from "../text.ts";

/** Runs the command; resolves with its exit code. */
export async function runConfig(flags: Flags, json: boolean, io: Io): Promise<number> {
  const loaded = await loadConfig({ flags, env: (name) => io.env(name) });
  for (const warning of loaded.warnings) io.err(`warning: ${printable(warning)}\n`);
  const rows = describeConfig(loaded);
  if (json) io.out(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  else {
    const cells = rows.map(({ path, value, origin }) => [path, value || "-", `(${origin})`]);
    io.out(renderTable(cells, tableWidth(io)));
  }
  return EXIT.ok;
}
