/** How the settings have workflows read. */

import { type Config, routesOf } from "../config/mod.ts";
import type { CatalogOptions } from "../workflow/mod.ts";

/** The folder of workflows, and which goes with which requests, as the worker itself will have them. */
export function catalogOptions({ workflows }: Pick<Config, "workflows">): CatalogOptions {
  return {
    ...(workflows.dir === undefined ? {} : { dir: workflows.dir }),
    defaultWorkflow: workflows.defaultWorkflow,
    routes: routesOf(workflows),
  };
}
