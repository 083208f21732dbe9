/** `models`: what a `generate` can name. */

import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import { type Io, tableWidth } from "../io.ts";
import { renderTable } from "../text.ts";

/** Options of the command. */
export interface ModelsOptions extends ConnectionOptions {
  /** Whether to list those that only a workflow can name, too. */
  all?: boolean;
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runModels(options: ModelsOptions, io: Io): Promise<number> {
  await using client = await openClient(options, io);
  const models = await client.models({ allTypes: options.all === true });
  if (options.json) io.out(models.map((model) => `${JSON.stringify(model)}\n`).join(""));
  else if (models.length === 0) io.err("The ComfyUI servers have no models\n");
  else {
    const rows = models.map(({ name, model_type, size_mb }) => [
      name,
      model_type,
      // ComfyUI does not tell sizes; they are known only where the files can be looked at.
      size_mb > 0 ? `${size_mb} MB` : "",
    ]);
    io.out(renderTable(rows, tableWidth(io)));
  }
  return EXIT.ok;
}
