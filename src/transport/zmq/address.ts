/** ZeroMQ's addresses: what it lets pass and should not. */

import { TransportError } from "../../errors.ts";

/** The largest TCP port; ZeroMQ takes any number and wraps it. */
const MAX_PORT = 65_535;

/**
 * Refuses what ZeroMQ would misread: ports out of range, and IPC paths that it would choose itself, in
 * a directory that it never removes.
 *
 * @throws {TransportError} `address_invalid`.
 */
export function checkAddress(action: "bind" | "connect to", address: string): void {
  const least = action === "bind" ? 0 : 1;
  // `tcp://SOURCE:PORT;HOST:PORT` has two ports.
  for (
    const part of address.startsWith("tcp://") ? address.slice("tcp://".length).split(";") : []
  ) {
    const [, port] = part.match(/^.*:([^:\]]*)$/) ?? [];
    if (port === undefined || isPort(port, least) || (action === "bind" && port === "*")) continue;
    throw invalid(`Cannot ${action} ${address}: no port between ${least} and ${MAX_PORT}`);
  }
  if (address === "ipc://*") throw invalid(`Cannot ${action} ${address}: it names no path`);
}

function isPort(text: string, least: number): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= MAX_PORT;
}

function invalid(what: string): TransportError {
  return new TransportError("address_invalid", `${what}. Write tcp://HOST:PORT or ipc://PATH`);
}

/**
 * Whether an address needs ZeroMQ's IPv6 option, as far as it tells: true in brackets. Of one with a name that
 * name, whose addresses decide.
 */
export function ipv6Need(address: string): boolean | string {
  const [, host] = /^tcp:\/\/(?:[^;]*;)?(.*):[^:]*$/.exec(address) ?? [];
  if (host === undefined || host === "*" || /^[\d.]+$/.test(host)) return false;
  return host.startsWith("[") || host;
}

/** The file of an IPC address. Abstract ones (`ipc://@name`) have none. */
export function ipcPath(address: string): string | undefined {
  const [, path] = address.match(/^ipc:\/\/([^@].*)$/) ?? [];
  return path;
}
