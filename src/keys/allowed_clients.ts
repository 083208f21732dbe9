/** Who may connect: the owners of the public keys in a directory. */

import { readPublicKey } from "./key_file.ts";

/** Asks the directory. */
export interface AllowedClients {
  /** The name under which a public key is known, that of its file without `.key`, or nothing. */
  nameOf(publicKey: string): Promise<string | undefined>;
}

/** Options of {@linkcode createAllowedClients}. */
export interface AllowedClientsOptions {
  /** Directory of `NAME.key` files. */
  directory: string;
  /** Told of a file that is no key, once each time the directory is read. */
  onBadFile?: (error: Error) => void;
  /** Milliseconds of a clock that never goes back. @default {performance.now} */
  now?: () => number;
}

/** How long a look at the directory holds, in milliseconds: strangers must not keep the disk busy. */
const FRESH_MS = 1_000;

/** Most files that are read; more are not looked at, so that a wrong directory costs little. */
const MAX_FILES = 10_000;

/**
 * Answers by the files that are there, so that a key is let in within a second of its file's coming and kept out
 * within a second of its going. (Who is connected stays so.)
 */
export function createAllowedClients(options: AllowedClientsOptions): AllowedClients {
  const { directory, onBadFile = () => {}, now = () => performance.now() } = options;
  let lookedAtMs = -Infinity;
  let looking: Promise<ReadonlyMap<string, string>> | undefined;
  return {
    async nameOf(publicKey) {
      if (looking === undefined || now() - lookedAtMs >= FRESH_MS) {
        lookedAtMs = now();
        looking = readKeys(directory, onBadFile);
      }
      return (await looking).get(publicKey);
    },
  };
}

async function readKeys(
  directory: string,
  onBadFile: (error: Error) => void,
): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>();
  let files = 0;
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.endsWith(".key") || ++files > MAX_FILES) continue;
    try {
      keys.set(await readPublicKey(`${directory}/${name}`), name.slice(0, -".key".length));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      onBadFile(error);
    }
  }
  return keys;
}
