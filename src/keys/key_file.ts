/** Reading and writing key files. */

import { ConfigError } from "../errors.ts";
import { formatKeys, parseKeys } from "./zpl.ts";

/** A pair of CURVE keys, each 40 characters of Z85. */
export interface KeyPair {
  /** Given to others. */
  readonly publicKey: string;
  /** Kept. */
  readonly secretKey: string;
}

/** Where a pair was written. */
export interface KeyFiles {
  /** The file with the public key. */
  readonly publicFile: string;
  /** The file with both, which only its owner may read. */
  readonly secretFile: string;
}

/** Longest key file that is read; real ones have some 300 bytes. */
const MAX_FILE_BYTES = 16_384;

/** Rights of the group and of others. */
const FOREIGN_RIGHTS = 0o077;

/**
 * Reads a pair of keys.
 *
 * @throws {ConfigError} `unreadable` if the file cannot be read, is no secret key, or others than its owner may
 *   read it.
 */
export async function readSecretKey(path: string): Promise<KeyPair> {
  const { text, mode } = await readKeyFile(path);
  if (mode !== null && (mode & FOREIGN_RIGHTS) !== 0) {
    throw unreadable(path, `others may read it; run chmod 600 ${path}`);
  }
  const { publicKey, secretKey } = parseKeys(text);
  if (publicKey !== undefined && secretKey !== undefined) return { publicKey, secretKey };
  throw unreadable(path, "it holds no secret key; name the file that ends in .key_secret");
}

/**
 * Reads a public key.
 *
 * @throws {ConfigError} `unreadable` if the file cannot be read or holds none.
 */
export async function readPublicKey(path: string): Promise<string> {
  const { publicKey } = parseKeys((await readKeyFile(path)).text);
  if (publicKey !== undefined) return publicKey;
  throw unreadable(path, "it holds no public key; name a file that ends in .key");
}

/**
 * Writes `NAME.key` and `NAME.key_secret`, and replaces neither.
 *
 * @throws {ConfigError} `unwritable` if one is there already or cannot be written.
 */
export async function writeKeyFiles(name: string, pair: KeyPair): Promise<KeyFiles> {
  const files = { publicFile: `${name}.key`, secretFile: `${name}.key_secret` };
  await writeNew(files.secretFile, formatKeys(pair), 0o600);
  await writeNew(files.publicFile, formatKeys({ publicKey: pair.publicKey }), 0o644);
  return files;
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode });
  } catch (cause) {
    const reason = cause instanceof Deno.errors.AlreadyExists
      ? "it is there already; choose another name, or remove it if nobody uses it"
      : reasonOf(cause);
    throw new ConfigError("unwritable", `Cannot write the key ${path}: ${reason}`, { cause });
  }
}

async function readKeyFile(path: string): Promise<{ text: string; mode: number | null }> {
  try {
    const { mode, size, isFile } = await Deno.stat(path);
    if (!isFile || size > MAX_FILE_BYTES) throw unreadable(path, "it is no key file");
    return { text: await Deno.readTextFile(path), mode };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw unreadable(path, reasonOf(cause), { cause });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function unreadable(path: string, reason: string, context: ErrorOptions = {}): ConfigError {
  return new ConfigError("unreadable", `Cannot use the key ${path}: ${reason}`, context);
}
