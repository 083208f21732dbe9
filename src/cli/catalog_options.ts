/** How the settings have workflows read. */

import type { Config } from "../config/mod.ts";
import type { CatalogOptions } from "../workflow/mod.ts";

/** The folder of workflows, and which goes with which requests, as the worker itself will have them. */
export function catalogOptions({ workflows }: Pick<Config, "workflows">): CatalogOptions {
  return {
    ...(workflows.dir === undefined ? {} : { dir: workflows.dir }),
    defaultWorkflow: workflows.defaultWorkflow,
    routes: {
      animation: workflows.forAnimation,
      tileset: workflows.forTileset,
      initImage: workflows.forInitImage,
      batch: workflows.forBatch,
      lora: workflows.forLora,
    },
  };
}
