/** What the table knows of a setting. */

import type { FlagName } from "./flags.ts";
import type { Kind } from "./kinds.ts";

/** One setting, whose value is a `T`. */
export interface Setting<T> {
  /** Section and key in the file. */
  readonly path: string;
  /** Its flag; settings that are chosen once for a machine have none. */
  readonly flag?: FlagName;
  readonly kind: Kind<NonNullable<T>>;
  readonly default: T;
  /** A phrase for the help text. */
  readonly help: string;
}
