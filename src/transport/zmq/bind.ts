/** Binding ZeroMQ sockets: who owns an address, and giving it back. */

import { TransportError } from "../../errors.ts";
import type { Gate } from "../sockets.ts";
import { isListening } from "./unix_socket.ts";
import { checkAddress, ipcPath } from "./address.ts";
import { needsIpv6 } from "./ip_version.ts";
import type { NativeSocketOptions } from "./native.ts";
import { COMMON_OPTIONS } from "./options.ts";
import { errorCode } from "./socket.ts";

/** What binding needs of a socket. */
export interface BindableSocket {
  /** The endpoint it was last bound to. */
  readonly lastEndpoint: string | null;
  /** Binds it. @throws {Error} with the code `EADDRINUSE` if the endpoint is another's. */
  bind(address: string): Promise<void>;
  /** Frees it; what was sent gets a moment to leave. */
  close(): void | Promise<void>;
}

/** An endpoint that a socket is bound to. */
export interface Binding {
  /** The endpoint as bound, with the real port. */
  readonly address: string;
  /** Closes the socket and removes the file of an IPC endpoint. */
  release(): Promise<void>;
}

/**
 * How long what was sent may take to leave after `close()`, in milliseconds. The process cannot end before,
 * and the addon complains on the console if that takes half a second.
 */
const LINGER_MS = 400;

/** Options of a socket that will be bound to an address. */
export async function boundOptions(
  address: string,
  limits: Pick<NativeSocketOptions, "maxMessageSize" | "sendHighWaterMark" | "wantedBytes">,
  gate?: Gate,
): Promise<NativeSocketOptions> {
  const backlog = gate === undefined ? {} : { backlog: gate.backlog };
  const ipv6 = await needsIpv6(address);
  return { ...COMMON_OPTIONS, linger: LINGER_MS, ipv6, ...backlog, ...limits };
}

/**
 * ZeroMQ closes endpoints in a thread of its own, so one that was just given back may still be taken:
 * so long is it tried again before it counts as another process's.
 */
const RETRY_MS = 20;
const RETRIES = 10;

/**
 * Binds a socket, or closes it.
 *
 * @throws {TransportError} `address_in_use` or `address_invalid`.
 */
export async function bindSocket(
  socket: BindableSocket,
  address: string,
  gate?: Gate,
): Promise<Binding> {
  try {
    checkAddress("bind", address);
    await bindPatiently(socket, address);
    const bound = socket.lastEndpoint ?? address;
    // At once: a flood is at the door already.
    gate?.guard(portOf(bound));
    const path = ipcPath(bound);
    if (path !== undefined) await Deno.chmod(path, 0o600);
    return { address: bound, release: () => release(socket, bound) };
  } catch (error) {
    await socket.close();
    throw bindError(address, error);
  }
}

async function bindPatiently(socket: BindableSocket, address: string): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      await refuseTakenPath(address);
      return await socket.bind(address);
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE" || attempt === RETRIES) throw error;
    }
    await pause(RETRY_MS);
  }
}

/**
 * ZeroMQ removes whatever lies at an IPC path before it binds: the socket of a running process, which
 * would then wait for ever, or a file of the user's. Only a socket that nobody listens on, a dead
 * process's, may go.
 */
async function refuseTakenPath(address: string): Promise<void> {
  const path = ipcPath(address);
  const file = path === undefined ? undefined : await lookUp(path);
  if (path === undefined || file === undefined) return;
  if (!file.isSocket) throw new Error("Another kind of file is there");
  if (await isListening(path)) {
    throw Object.assign(new Error("A process listens there"), { code: "EADDRINUSE" });
  }
}

async function lookUp(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** ZeroMQ leaves the file. It goes first, because once the socket is closed it may be another's. */
async function release(socket: BindableSocket, address: string): Promise<void> {
  const path = ipcPath(address);
  try {
    if (path !== undefined) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  } finally {
    await socket.close();
  }
}

/** The port of a TCP endpoint; 0 of others. */
function portOf(address: string): number {
  return Number(/:(\d+)$/.exec(address)?.[1] ?? 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function bindError(address: string, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  if (errorCode(cause) === "EADDRINUSE") {
    const message = `Cannot bind ${address}: it is in use, ` +
      `stop the process that uses it or choose another address`;
    return new TransportError("address_in_use", message, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `Cannot bind ${address}: ${reason}. Write tcp://INTERFACE:PORT with an interface ` +
    `of this machine, or ipc://PATH with a path in a directory that may be written`;
  return new TransportError("address_invalid", message, { cause });
}
