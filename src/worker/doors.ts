/** Who may talk to the worker: loopback is open, everything beyond it asks for keys. */

import type { ZmqConfig } from "../config/mod.ts";
import { ConfigError, messageOf } from "../errors.ts";
import type { KeyPair } from "../keys/mod.ts";
import type { Logger } from "../log.ts";
import type { BindOptions } from "../transport/mod.ts";

/** What both sockets are bound with, and the keys that this worker shows others. */
export interface Doors {
  /** For binding. */
  readonly bind: BindOptions;
  /** Counts the connections that were cut off, for there were too many from their addresses. */
  readonly crowd: { readonly refused: number };
  /** The worker's own keys, if it asks for keys. */
  readonly keys: KeyPair | undefined;
}

/**
 * Reads the keys that the configuration names, for both sockets.
 *
 * @throws {ConfigError} `unreadable` for a key that cannot be used; `invalid_value` if one of the two settings is
 *   missing, or an address leads beyond this machine without keys.
 */
export async function readDoors(config: ZmqConfig, logger: Logger): Promise<Doors> {
  const { curveKey, curveClients } = config;
  const { crowd, bind } = watchCrowd(config, logger);
  if (curveKey === undefined && curveClients === undefined) {
    refuseOpenDoors(config, logger);
    return { bind, crowd, keys: undefined };
  }
  if (curveKey === undefined || curveClients === undefined) {
    const [given, missing] = curveKey === undefined
      ? ["zmq.curve_clients", "zmq.curve_key (--curve-key), the worker's secret key"]
      : ["zmq.curve_key", "zmq.curve_clients (--curve-clients), the directory of the keys let in"];
    throw new ConfigError("invalid_value", `${given} needs ${missing}`);
  }
  // Most workers have no keys, and start without what reads them.
  const { createAllowedClients, readSecretKey } = await import(
    new URL("../keys/mod.ts", import.meta.url).href
  ) as typeof import("../keys/mod.ts");
  const keys = await readSecretKey(curveKey);
  await checkDirectory(curveClients);
  const clients = createAllowedClients({
    directory: curveClients,
    onBadFile: ({ message }) => logger.log("warn", message),
  });
  const isAllowed = async (publicKey: string): Promise<boolean> => {
    const name = await clients.nameOf(publicKey);
    if (name === undefined) {
      logger.log("warn", "Refused a client with an unknown key", { publicKey });
    } else logger.log("debug", "Let in a client", { client: name });
    return name !== undefined;
  };
  return { bind: { ...bind, curve: { secretKey: keys.secretKey, isAllowed } }, crowd, keys };
}

/** Addresses that were told of; a stranger must not fill the memory with them. */
const MAX_TOLD = 1_000;

/** Each address is told of once, however often it tries. */
function watchCrowd(
  { maxConnections }: ZmqConfig,
  logger: Logger,
): { crowd: { refused: number }; bind: BindOptions } {
  const told = new Set<string>();
  const crowd = { refused: 0 };
  const onRefused = (source: string) => {
    crowd.refused += 1;
    if (told.has(source) || told.size >= MAX_TOLD) return;
    told.add(source);
    const message = `Cut off connections from ${source}: there are too many ` +
      `(zmq.max_connections is ${maxConnections})`;
    logger.log("warn", message);
  };
  return { crowd, bind: { maxConnections, onRefused } };
}

async function checkDirectory(path: string): Promise<void> {
  try {
    for await (const _entry of Deno.readDir(path)) break;
  } catch (cause) {
    const reason = messageOf(cause);
    throw new ConfigError("unreadable", `Cannot read the clients' keys in ${path}: ${reason}`, {
      cause,
    });
  }
}

function refuseOpenDoors(config: ZmqConfig, logger: Logger): void {
  const open = [config.reqRepAddr, config.pubSubAddr].filter((address) => !isLocal(address));
  if (open.length === 0) return;
  const where = open.join(" and ");
  if (config.allowInsecureBind) {
    logger.log("warn", `Anyone who can reach ${where} can use this worker: it asks for no keys`);
    return;
  }
  throw new ConfigError(
    "invalid_value",
    `${where} can be reached from other machines, and no keys are asked for. Make keys with ` +
      "`keygen` and name them with --curve-key and --curve-clients, listen on 127.0.0.1 behind a " +
      "tunnel, or say --allow-insecure-bind if the network itself keeps strangers out",
  );
}

/** Whether only this machine reaches an address. A name other than localhost may mean any interface. */
function isLocal(address: string): boolean {
  return !/^tcp:/i.test(address) ||
    /^tcp:\/\/(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]):[^:]*$/i.test(address);
}
