/** `token`: a bearer token for HTTP. */

import { createToken, type Scope } from "../../http/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Options of the command. */
export interface TokenOptions {
  /** What the token allows. */
  scope: Scope;
}

/** Prints the token, which is stored nowhere, and the line for the file. @throws {ConfigError} `usage`. */
export async function runToken(name: string, { scope }: TokenOptions, io: Io): Promise<number> {
  const { token, line } = await createToken(name, scope);
  io.err("The token, shown only now:\n");
  io.out(`${token}\n`);
  io.err("The line for the file that http.tokens_file names:\n");
  io.out(`${line}\n`);
  return EXIT.ok;
}
