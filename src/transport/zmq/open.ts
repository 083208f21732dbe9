/** Opens bound sockets: on libzmq itself where it can be had, else on the addon; with a door-keeper if asked. */

import { TransportError } from "../../errors.ts";
import type { CurveServerOptions } from "../sockets.ts";
import type { Libzmq } from "./libzmq.ts";
import type { NativeSocket, NativeSocketOptions } from "./native.ts";
import { NativePublisher } from "./native_publisher.ts";
import { NativeRouter } from "./native_router.ts";
import type { PublisherPort, RouterPort } from "./port.ts";
import { isZ85Key } from "./z85.ts";
import { MAX_ZAP_BYTES, startZapHandler, ZAP_DOMAIN } from "./zap.ts";

/** Opens a ROUTER. @throws {TransportError} `key_invalid`, `unsupported`. */
export async function openRouter(
  openLibrary: () => Promise<Libzmq | undefined>,
  options: NativeSocketOptions,
  curve: CurveServerOptions | undefined,
): Promise<RouterPort> {
  const secured = withCurve(options, curve);
  const library = await openLibrary();
  if (library !== undefined) {
    return await guarded(new NativeRouter(library, secured), library, options, curve);
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
): Promise<PublisherPort> {
  const secured = withCurve(options, curve);
  const library = await openLibrary();
  if (library !== undefined) {
    return await guarded(new NativePublisher(library, secured), library, options, curve);
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

async function guarded<Socket extends NativeSocket>(
  socket: Socket,
  library: Libzmq,
  options: NativeSocketOptions,
  curve: CurveServerOptions | undefined,
): Promise<Socket> {
  if (curve === undefined) return socket;
  const limits = { ...options, maxMessageSize: MAX_ZAP_BYTES, ipv6: false };
  try {
    const port = new NativeRouter(library, limits, socket.context);
    socket.host(await startZapHandler(port, curve.isAllowed));
    return socket;
  } catch (error) {
    await socket.close();
    throw error;
  }
}
