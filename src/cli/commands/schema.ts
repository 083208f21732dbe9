/** `schema`: the wire protocol for programs in other languages. */

import { messagesJsonSchema } from "../../protocol/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Prints the JSON Schema of all messages; the same text as `src/protocol/schema.json`. */
export function runSchema(io: Io): number {
  io.out(`${JSON.stringify(messagesJsonSchema(), null, 2)}\n`);
  return EXIT.ok;
}
