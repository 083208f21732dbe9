/** What all commands that ask a running worker have in common: its addresses, and its absence. */

import type { Command } from "commander";
import { type Client, connect, type CurveClientOptions } from "../client/mod.ts";
import { listSettings, loadConfig, type ZmqConfig } from "../config/mod.ts";
import { ConfigError, TransportError } from "../errors.ts";
import { readPublicKey, readSecretKey } from "../keys/mod.ts";
import { createLogger, type Logger, silentLogger } from "../log.ts";
import { positiveNumber } from "./arguments.ts";
import type { Io } from "./io.ts";

/** Options that find the worker. */
export interface ConnectionOptions {
  /** Endpoint of requests. @default {the worker's setting zmq.req_rep_addr} */
  reqAddr?: string;
  /** Endpoint of updates. @default {the worker's setting zmq.pub_sub_addr} */
  pubAddr?: string;
  /** File with the own secret CURVE key. @default {the worker's setting zmq.curve_key} */
  curveKey?: string;
  /** File with the worker's public CURVE key. @default {the worker's setting zmq.server_key} */
  serverKey?: string;
  /** File with settings. @default {DGX_PIXELS_CONFIG} */
  config?: string;
  /** Longest wait for an answer in seconds. */
  timeout: number;
}

/** Adds the options to a command. */
export function addConnectionOptions(command: Command): Command {
  for (const { flag, help, default: preset } of listSettings()) {
    if (flag !== "req-addr" && flag !== "pub-addr") continue;
    command.option(`--${flag} <address>`, `the worker's ${help} (default: ${preset})`);
  }
  command
    .option("--server-key <file>", "the worker's public CURVE key, if it asks for keys")
    .option("--curve-key <file>", "your secret CURVE key, made with keygen")
    .option("--config <file>", "YAML file with the worker's settings");
  return addTimeoutOption(command);
}

/** Adds the option that limits the wait for the worker. */
export function addTimeoutOption(command: Command): Command {
  return command
    .option("--timeout <seconds>", "longest wait for an answer", positiveNumber, 5);
}

/**
 * Gets ready to talk to the worker, which need not be there.
 *
 * @throws {ConfigError} if a setting is wrong.
 * @throws {TransportError} `address_invalid` if an address cannot be used.
 */
export async function openClient(options: ConnectionOptions, io: Io): Promise<Client> {
  const zmq = await loadConnection(options, io);
  const logger = createLogger({ level: "warn", format: "human", write: (line) => io.err(line) });
  return await connectTo(zmq, options.timeout, logger);
}

/** Whether the worker of these options is on this machine, and its files with it. */
export async function isLocalWorker(options: ConnectionOptions, io: Io): Promise<boolean> {
  const address = reachable((await loadConnection(options, io)).reqRepAddr);
  return /^(?:ipc:|inproc:|tcp:\/\/(?:127\.\d|localhost:|\[::1\]))/.test(address);
}

async function loadConnection(options: ConnectionOptions, io: Io): Promise<ZmqConfig> {
  const { reqAddr, pubAddr, curveKey, serverKey, config: file } = options;
  const flags = {
    "req-addr": reqAddr,
    "pub-addr": pubAddr,
    "curve-key": curveKey,
    "server-key": serverKey,
    config: file,
  };
  return (await loadConfig({ flags, env: (name) => io.env(name) })).config.zmq;
}

/** Gets ready to talk to the worker of some settings. */
export async function connectTo(
  { reqRepAddr, pubSubAddr, curveKey, serverKey }: ZmqConfig,
  timeoutS: number,
  logger: Logger = silentLogger,
): Promise<Client> {
  const curve = await readClientKeys(curveKey, serverKey);
  return await connect({
    ...(curve === undefined ? {} : { curve }),
    reqAddress: reachable(reqRepAddr),
    pubAddress: reachable(pubSubAddr),
    timeoutMs: timeoutS * 1_000,
    maxRetries: 0,
    logger,
  });
}

/** Without the worker's key a connection is plain: a configuration shared with the worker has its own key. */
async function readClientKeys(
  curveKey: string | undefined,
  serverKey: string | undefined,
): Promise<CurveClientOptions | undefined> {
  if (serverKey === undefined) return undefined;
  if (curveKey === undefined) {
    throw new ConfigError(
      "invalid_value",
      "--server-key needs --curve-key, the own secret key; make one with keygen",
    );
  }
  return { serverKey: await readPublicKey(serverKey), ...await readSecretKey(curveKey) };
}

/** Whether an error says that nobody answered in time. */
export function isSilence(error: unknown): boolean {
  return error instanceof TransportError && error.code === "timeout";
}

/** The worker's settings may say to listen everywhere, which is no place to connect to. */
function reachable(address: string): string {
  return address
    .replace(/^tcp:\/\/(?:\*|0\.0\.0\.0):/, "tcp://127.0.0.1:")
    .replace(/^tcp:\/\/\[::\]:/, "tcp://[::1]:");
}
