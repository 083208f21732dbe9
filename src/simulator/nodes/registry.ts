/**
 * Every node class by name.
 *
 * @module
 */

import { CONDITIONING } from "./conditioning.ts";
import { IMAGES } from "./images.ts";
import { LATENTS } from "./latents.ts";
import { LOADERS } from "./loaders.ts";
import type { NodeClasses } from "./node.ts";
import { OUTPUT } from "./output.ts";
import { PLAIN } from "./plain.ts";
import { SAMPLING } from "./sampling.ts";

/** Every node class by name. */
export const NODES: NodeClasses = {
  ...LOADERS,
  ...CONDITIONING,
  ...LATENTS,
  ...SAMPLING,
  ...IMAGES,
  ...OUTPUT,
  ...PLAIN,
};
