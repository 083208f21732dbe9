/** Opens bound sockets: on libzmq itself where it can be had, else on the addon; with a door-keeper if asked. */

import { TransportError } from "../../errors.ts";
import type { BindOptions, CurveServerOptions } from "../sockets.ts";
import { watchConnections, type WatchOptions } from "./connections.ts";
import type { Libzmq } from "./libzmq.ts";
import { Monitor } from "./monitor.ts";
import type { NativeSocket, NativeSocketOptions } from "./native.ts";
import { NativePublisher } from "./native_publisher.ts";
import { NativeRouter } from "./native_router.ts";
import type { PublisherPort, RouterPort } from "./port.ts";
import { isZ85Key } from "./z85.ts";
import { MAX_ZAP_BYTES, startZapHandler, ZAP_DOMAIN } from "./zap.ts";

/** A message of more than `bytes` must come within two looks; a client that is heard of sends signs of life. */
const REQUEST_LIMITS = { bytes: 1.5 * 2 ** 20, checks: 2, idleBytesPerS: 256 };

/** Who subscribes to everything sends a few hundred bytes in all, with keys too, and perhaps signs of life. */
const SUBSCRIBER_LIMITS = { bytes: 16_384, mostBytes: 16_384, checks: 1, idleBytesPerS: 32 };

/** How many may come, and who hears of those that are too many. */
export type Crowd = Pick<WatchOptions, "maxConnections" | "onRefused">;

/** Connections that one address may have, unless another number is given. */
const MAX_CONNECTIONS = 1_000;

/** What the options of a bound socket say of that. */
export function crowdOf(
  { maxConnections = MAX_CONNECTIONS, onRefused }: Pick<
    BindOptions,
    "maxConnections" | "onRefused"
  >,
): Crowd {
  return { maxConnections, onRefused };
}

/** Opens a ROUTER. @throws {TransportError} `key_invalid`, `unsupported`. */
export async function openRouter(
  openLibrary: () => Promise<Libzmq | undefined>,
  options: NativeSocketOptions,
  curve: CurveServerOptions | undefined,
  crowd: Crowd,
): Promise<RouterPort> {
  const secured = withCurve(options, curve);
  const library = await openLibrary();
  if (library !== undefined) {
    const router = new NativeRouter(library, secured);
    return await guarded(router, library, options, curve, {
      ...crowd,
      limits: { ...REQUEST_LIMITS, mostBytes: options.maxMessageSize + REQUEST_LIMITS.bytes },
      intake: router,
    });
  }
  refuseCurve(curve);
  const { Router } = await import("zeromq");
  return new Router({ ...options, mandatory: true, receiveTimeout: 0, sendTimeout: 0 });
}

/** Opens a PUB. @throws {TransportError} `key_invalid`, `unsupported`. */
export async function openPublisher(
  openLibrary: () => Promise<Libzmq | undefined>,
  options: NativeSocketOptions,
  curve: CurveServerOptions | undefined,
  crowd: Crowd,
): Promise<PublisherPort> {
  const secured = withCurve(options, curve);
  const library = await openLibrary();
  if (library !== undefined) {
    const publisher = new NativePublisher(library, secured);
    return await guarded(publisher, library, options, curve, {
      ...crowd,
      limits: SUBSCRIBER_LIMITS,
      look: () => publisher.look(),
    });
  }
  refuseCurve(curve);
  const { AddonPublisher } = await import("./addon_publisher.ts");
  return new AddonPublisher(options);
}

/** On the addon the handler's socket brings the process down (zeromq 6.8.0 on Deno 2.9.6). */
function refuseCurve(curve: CurveServerOptions | undefined): void {
  if (curve === undefined) return;
  throw new TransportError(
    "unsupported",
    "CURVE cannot be served on this system, where libzmq is reached through the addon alone; " +
      "run the worker on Linux, or bind it to loopback behind a tunnel",
  );
}

function withCurve(
  options: NativeSocketOptions,
  curve: CurveServerOptions | undefined,
): NativeSocketOptions {
  if (curve === undefined) return options;
  const { secretKey: curveSecretKey } = curve;
  if (!isZ85Key(curveSecretKey)) {
    throw new TransportError(
      "key_invalid",
      "The secret key is not 40 characters of Z85; make one with `keygen`",
    );
  }
  return { ...options, curveServer: true, curveSecretKey, securityDomain: ZAP_DOMAIN };
}

/** A socket with those who keep its door: they must be there before it is bound. */
async function guarded<Socket extends NativeSocket>(
  socket: Socket,
  library: Libzmq,
  options: NativeSocketOptions,
  curve: CurveServerOptions | undefined,
  watching: WatchOptions,
): Promise<Socket> {
  const helping = { ...options, ipv6: false };
  try {
    const watch = watchConnections(() => new Monitor(library, socket, helping), watching);
    if (watch !== undefined) socket.host(watch);
    if (socket instanceof NativeRouter) socket.door = watch;
    if (curve === undefined) return socket;
    const port = new NativeRouter(
      library,
      { ...helping, maxMessageSize: MAX_ZAP_BYTES },
      socket.context,
    );
    socket.host(await startZapHandler(port, curve.isAllowed));
    return socket;
  } catch (error) {
    await socket.close();
    throw error;
  }
}
