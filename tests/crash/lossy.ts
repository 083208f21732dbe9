/** A transport that loses updates on the client's side, as a reader that is too slow does, and counts. */

import type { Transport, UpdateSubscriber } from "../../src/transport/mod.ts";
import { decodeRequest } from "../../src/protocol/mod.ts";
import type { Chance } from "./random.ts";

/** What went through. */
export interface Traffic {
  /** Updates that reached the client. */
  heard: number;
  /** Updates that were lost. */
  lost: number;
  /** Requests that were sent, by type. */
  readonly requests: Map<string, number>;
  /** Jobs that were asked for by `list_jobs`, in all questions together. */
  jobsAsked: number;
  /** Most jobs in one question. */
  mostAsked: number;
  /** Subscriptions. */
  subscriptions: number;
}

/** A lossy transport. */
export interface LossyTransport {
  /** To be given to a client. */
  readonly transport: Transport;
  /** What went through so far. */
  readonly traffic: Traffic;
  /** Resolves when this many more updates have come, lost or not. */
  updates(count: number): Promise<void>;
}

/** Share of updates that are lost one by one. */
const SINGLE_LOSS = 0.1;
/** Share of updates with which a longer loss begins. */
const BURST_LOSS = 0.01;
/** Most updates of a longer loss. */
const LONGEST_BURST = 100;

/** Makes another transport lossy. */
export function lossyTransport(inner: Transport, chance: Chance): LossyTransport {
  const requests = new Map<string, number>();
  const traffic = { heard: 0, lost: 0, requests, jobsAsked: 0, mostAsked: 0, subscriptions: 0 };
  const waiting = new Set<{ from: number; resolve: () => void }>();
  let burst = 0;
  const isLost = (): boolean => {
    if (burst === 0 && chance.happens(BURST_LOSS)) burst = Math.ceil(chance.below(LONGEST_BURST));
    if (burst > 0) burst -= 1;
    return burst > 0 || chance.happens(SINGLE_LOSS);
  };
  const count = (): boolean => {
    const lost = isLost();
    traffic[lost ? "lost" : "heard"] += 1;
    for (const waiter of waiting) {
      if (traffic.heard + traffic.lost >= waiter.from) waiter.resolve();
    }
    return lost;
  };
  const transport: Transport = {
    bindRequests: (address, options) => inner.bindRequests(address, options),
    bindUpdates: (address, options) => inner.bindUpdates(address, options),
    async connectRequests(address) {
      const socket = await inner.connectRequests(address);
      return {
        request(body, options) {
          const request = decodeRequest(body);
          requests.set(request.type, (requests.get(request.type) ?? 0) + 1);
          const asked = request.type === "list_jobs" ? request.job_ids?.length ?? 0 : 0;
          traffic.jobsAsked += asked;
          traffic.mostAsked = Math.max(traffic.mostAsked, asked);
          return socket.request(body, options);
        },
        close: () => socket.close(),
        [Symbol.asyncDispose]: () => socket.close(),
      };
    },
    async connectUpdates(address) {
      traffic.subscriptions += 1;
      const socket = await inner.connectUpdates(address);
      return {
        [Symbol.asyncIterator]: () => remaining(socket, count),
        close: () => socket.close(),
        [Symbol.asyncDispose]: () => socket.close(),
      };
    },
  };
  return {
    transport,
    traffic,
    async updates(more) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter = { from: traffic.heard + traffic.lost + more, resolve };
      waiting.add(waiter);
      await promise;
      waiting.delete(waiter);
    },
  };
}

async function* remaining(
  socket: UpdateSubscriber,
  isLost: () => boolean,
): AsyncGenerator<Uint8Array> {
  for await (const body of socket) if (!isLost()) yield body;
}
