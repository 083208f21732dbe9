/**
 * Who may connect to a socket with CURVE: libzmq asks a handler in the socket's own context, by the ZeroMQ
 * Authentication Protocol (https://rfc.zeromq.org/spec/27/). Without one it lets any key pair in.
 */

import type { CurveServerOptions } from "../sockets.ts";
import type { RouterPort } from "./port.ts";
import type { Frames } from "./options.ts";
import { errorCode, Receiver } from "./socket.ts";
import { encodeZ85 } from "./z85.ts";

/** Where libzmq looks for the handler. */
const ZAP_ENDPOINT = "inproc://zeromq.zap.01";

/** Name of our sockets in the handler's requests. */
export const ZAP_DOMAIN = "dgx-pixels";

/** Size of a public key. */
const KEY_BYTES = 32;

/** Longest request: seven frames, of which the address and the key are the longest. */
export const MAX_ZAP_BYTES = 4_096;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Starts a handler on a socket in the context of those that ask, before they are bound. */
export async function startZapHandler(
  port: RouterPort,
  isAllowed: CurveServerOptions["isAllowed"],
): Promise<ZapHandler> {
  try {
    await port.bind(ZAP_ENDPOINT);
    return new ZapHandler(port, isAllowed);
  } catch (error) {
    await port.close();
    throw error;
  }
}

/** Answers libzmq's questions until it is closed. */
export class ZapHandler {
  readonly #port: RouterPort;
  readonly #isAllowed: CurveServerOptions["isAllowed"];
  readonly #receiver: Receiver;
  readonly #serving: Promise<void>;

  /** Takes over a socket that is bound to {@linkcode ZAP_ENDPOINT}. */
  constructor(port: RouterPort, isAllowed: CurveServerOptions["isAllowed"]) {
    this.#port = port;
    this.#isAllowed = isAllowed;
    this.#receiver = new Receiver(port);
    this.#serving = this.#serve();
  }

  /** Ends it; who asks then gets no answer, and nobody in. */
  async close(): Promise<void> {
    await this.#receiver.close();
    await this.#serving;
    await this.#port.close();
  }

  async #serve(): Promise<void> {
    for (;;) {
      const frames = await this.#receiver.receive();
      if (frames === undefined) return;
      const answer = await this.#answer(frames);
      if (answer !== undefined) await this.#send(answer);
      this.#receiver.recheck();
    }
  }

  /** Who asked may have gone meanwhile, as connections do that are given up; others ask on. */
  async #send(answer: Frames): Promise<void> {
    try {
      await this.#port.send(answer);
    } catch (error) {
      if (errorCode(error) !== "EHOSTUNREACH" && errorCode(error) !== "EAGAIN") throw error;
    }
  }

  /** The request is identity, nothing, version, id, domain, address, routing id, mechanism, key. */
  async #answer(frames: Frames): Promise<Frames | undefined> {
    const [identity, empty, version, id, , , , mechanism, key] = frames;
    if (identity === undefined || empty === undefined || version === undefined || !id) return;
    const isCurve = mechanism !== undefined && decoder.decode(mechanism) === "CURVE";
    const user = isCurve && key?.length === KEY_BYTES ? encodeZ85(key) : undefined;
    const isKnown = user !== undefined && await this.#lets(user);
    // The key becomes the name of the user, which libzmq puts to every message (`User-Id`).
    const words = (isKnown ? ["200", "OK", user, ""] : ["400", "No access", "", ""])
      .map((word) => encoder.encode(word));
    return [identity, empty, version, id, ...words];
  }

  async #lets(publicKey: string): Promise<boolean> {
    try {
      return await this.#isAllowed(publicKey);
    } catch {
      return false;
    }
  }
}
