/** What requests can name besides models. */

import type { Catalog } from "../executor/messages.ts";
import type { JobContext } from "./context.ts";

/** Lists workflows and palettes. What reads palettes is loaded when it is first needed. */
export async function listNames({ catalog, setup }: JobContext): Promise<Catalog> {
  const { namedPalettes } = await import("./pixel/palette.ts");
  const workflows = [...catalog.templates.keys()].toSorted();
  const unusable = [...catalog.unusable].map(([name, { message }]) => ({ name, error: message }));
  return { workflows, unusable, palettes: await namedPalettes(setup.paletteDir) };
}
