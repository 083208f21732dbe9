/** A token that stands in a file of its own, so that the configuration file holds no secret. */

import { ConfigError } from "../errors.ts";
import { token } from "./kinds.ts";
import { reasonOf } from "./unreadable.ts";

/**
 * Reads a token; an end of line after it is no part of it.
 *
 * @throws {ConfigError} `unreadable` if there is no such file, or more or less than a token in it. What
 *   is in it is not quoted.
 */
export async function readToken(
  path: string,
  readTextFile: (path: string) => Promise<string>,
): Promise<string> {
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (cause) {
    const message = `Cannot read the token in ${path}: ${reasonOf(cause, path)}`;
    throw new ConfigError("unreadable", `${message}; check token_file`, { cause });
  }
  const kind = token();
  const value = kind.parse(text.replace(/^\ufeff/, "").trim());
  if (value !== undefined) return value;
  throw new ConfigError("unreadable", `${path} must hold ${kind.expected}, and nothing else`);
}
