/**
 * Bearer tokens: a file of names, scopes and hashes. What is in the file lets nobody in, and a token that is lost
 * is replaced by another line.
 */

import { ConfigError } from "../../errors.ts";

/** What a token allows; each scope has those before it. */
export const SCOPES = ["read", "submit", "admin"] as const;

/** What a token allows. */
export type Scope = (typeof SCOPES)[number];

/** Who asks. */
export interface Caller {
  /** Name of the token. */
  readonly name: string;
  /** What it allows. */
  readonly scope: Scope;
}

/** A token and the line that lets it in. */
export interface NewToken {
  /** Shown once. */
  readonly token: string;
  /** For the file. */
  readonly line: string;
}

/** Bytes of randomness in a token: none is ever guessed. */
const TOKEN_BYTES = 32;

const LINE = /^([\w.@-]{1,64})\s+(read|submit|admin)\s+sha256:([0-9a-f]{64})$/;

/** Draws a token. */
export async function createToken(name: string, scope: Scope): Promise<NewToken> {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const token = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const line = `${name} ${scope} sha256:${await hash(token)}`;
  if (LINE.test(line)) return { token, line };
  throw new ConfigError("usage", `A token's name has letters, digits and ._@- only, got ${name}`);
}

/**
 * Reads the lines of a file, by the hash of each token.
 *
 * @throws {ConfigError} `invalid_value` for a line that is none; it is named by its number, not shown.
 */
export function parseTokens(text: string, path: string): ReadonlyMap<string, Caller> {
  const callers = new Map<string, Caller>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, scope, digest] = LINE.exec(line.trim()) ?? [];
    if (digest === undefined) {
      throw new ConfigError(
        "invalid_value",
        `${path}:${
          index + 1
        }: expected NAME read|submit|admin sha256:HASH; \`cli token NAME\` makes such a line`,
      );
    }
    callers.set(digest, { name: name!, scope: scope as Scope });
  }
  return callers;
}

/** SHA-256 of a token, in hex. Comparing hashes tells nothing of how near a guess was. */
export async function hash(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return new Uint8Array(digest).toHex();
}

/** Whether a scope has another. */
export function allows(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}
