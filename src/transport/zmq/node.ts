/** What sockets that connect need of Node, where the addon waits by itself. */

import { lookup } from "node:dns/promises";
import { ipv6Need } from "./address.ts";
import type { ConnectingSocket, ConnectRuntime, FrameReceiver, Frames } from "./options.ts";

/** Sockets on Node. */
export const nodeRuntime: ConnectRuntime = {
  receiverOf: (socket) => new AddonReceiver(socket),
  receiveTimeout: -1,
  needsIpv6,
};

async function needsIpv6(address: string): Promise<boolean> {
  const need = ipv6Need(address);
  if (typeof need === "boolean") return need;
  // A name without an address may be one of an interface, or have one later.
  const found = await lookup(need, { all: true }).catch(() => []);
  return found.length > 0 && found.every(({ family }) => family === 6);
}

/** Hands on what the addon receives; a message that comes to nobody waits for the next who asks. */
class AddonReceiver implements FrameReceiver {
  readonly #socket: ConnectingSocket;
  #isReceiving = false;
  #isClosed = false;
  #kept: Frames | undefined;
  #waiting: ((frames: Frames | undefined) => void) | undefined;

  constructor(socket: ConnectingSocket) {
    this.#socket = socket;
  }

  receive(): Promise<Frames | undefined> {
    const frames = this.#kept;
    this.#kept = undefined;
    if (frames !== undefined || this.#isClosed) return Promise.resolve(frames);
    if (!this.#isReceiving) this.#start();
    return new Promise((resolve) => this.#waiting = resolve);
  }

  /** The addon knows of every use. */
  recheck(): void {}

  interrupt(): void {
    this.#hand(undefined);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.interrupt();
    return Promise.resolve();
  }

  #start(): void {
    this.#isReceiving = true;
    const done = (frames: Frames | undefined): void => {
      this.#isReceiving = false;
      if (this.#waiting === undefined) this.#kept = frames;
      else this.#hand(frames);
    };
    // It fails when the socket is closed under it, which is its end.
    this.#socket.receive().then((frames) => done(frames as Frames), () => done(undefined));
  }

  #hand(frames: Frames | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(frames);
  }
}
