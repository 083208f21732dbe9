/** The file of tokens, read again when it has changed. */

import { ConfigError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { type Caller, hash, parseTokens } from "./tokens.ts";

/** Knows tokens. */
export interface TokenFile {
  /** Whose token this is, or nothing. */
  callerOf(token: string): Promise<Caller | undefined>;
  /** Reads the file again at once; one that is wrong leaves those that were known. */
  reload(): Promise<void>;
}

/** How long it is taken for unchanged, in milliseconds. */
const FRESH_MS = 1_000;

/** Longest file in bytes. */
const MAX_FILE_BYTES = 1_048_576;

/** Longest token that is looked up. */
const MAX_TOKEN_CHARS = 256;

/**
 * Opens the file.
 *
 * @throws {ConfigError} `unreadable` or `invalid_value`.
 */
export async function openTokenFile(
  path: string,
  logger: Logger,
  now: () => number = () => performance.now(),
): Promise<TokenFile> {
  let { callers, changedMs } = await read(path);
  let lookedAtMs = now();
  const reload = async (isForced: boolean): Promise<void> => {
    lookedAtMs = now();
    try {
      const { mtime } = await Deno.stat(path);
      if (!isForced && mtime?.getTime() === changedMs) return;
      ({ callers, changedMs } = await read(path));
      logger.log("info", "Read the file of tokens again", { tokens: callers.size });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.log("error", `The tokens known before stay in force: ${reason}`);
    }
  };
  return {
    async callerOf(token) {
      if (token.length > MAX_TOKEN_CHARS) return undefined;
      if (now() - lookedAtMs >= FRESH_MS) await reload(false);
      return callers.get(await hash(token));
    },
    reload: () => reload(true),
  };
}

async function read(
  path: string,
): Promise<{ callers: ReadonlyMap<string, Caller>; changedMs?: number }> {
  try {
    const { mtime, size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`The file has ${size} bytes`);
    const callers = parseTokens(await Deno.readTextFile(path), path);
    return { callers, ...(mtime === null ? {} : { changedMs: mtime.getTime() }) };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unreadable", `Cannot read the tokens in ${path}: ${reason}`, { cause });
  }
}
