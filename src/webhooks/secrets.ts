/** The secrets that webhooks are signed with. */

import { ConfigError } from "../errors.ts";

/** Secrets at a time: the present one, and those that receivers still know. */
const MOST_SECRETS = 8;

/** What Standard Webhooks asks for: 24 to 64 random bytes. */
const BYTES = { least: 24, most: 64 };

/**
 * Reads a file of secrets, one `whsec_…` a line. Each delivery is signed with all, so that one can be replaced
 * by another while receivers still know the first.
 *
 * @throws {ConfigError} `unreadable` or `invalid_value`; no secret is shown.
 */
export async function readSecrets(path: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unreadable", `Cannot read the webhooks' secret in ${path}: ${reason}`, {
      cause,
    });
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (lines.length > 0 && lines.length <= MOST_SECRETS && lines.every(isSecret)) return lines;
  throw new ConfigError(
    "invalid_value",
    `${path} must have 1 to ${MOST_SECRETS} lines of whsec_ and the base64 of ${BYTES.least} to ${BYTES.most} ` +
      'bytes; make one with: echo "whsec_$(openssl rand -base64 32)"',
  );
}

function isSecret(line: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  if (encoded === undefined) return false;
  try {
    const { length } = Uint8Array.fromBase64(encoded);
    return length >= BYTES.least && length <= BYTES.most;
  } catch {
    return false;
  }
}
