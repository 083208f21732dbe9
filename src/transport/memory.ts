/**
 * The sockets within one process: same contract, same order, same losses as ZeroMQ's, no network. For
 * tests, and for programs that embed the worker.
 *
 * @module
 */

import { TransportError } from "../errors.ts";
import { MemoryRequestClient, MemoryRequestServer } from "./memory/requests.ts";
import { MemoryUpdatePublisher, MemoryUpdateSubscriber } from "./memory/updates.ts";
import type {
  BindOptions,
  RequestClient,
  RequestServer,
  Transport,
  UpdatePublisher,
  UpdateSubscriber,
} from "./sockets.ts";

/**
 * Opens sockets within this process. Each call makes a world of its own: only sockets of the same
 * transport object meet. Any `scheme://name` is an address; one that ends in `:0` or `:*` gets a number
 * of its own.
 */
export function memoryTransport(): Transport {
  return new MemoryTransport();
}

/** One address: who has bound it and who waits there. */
class Place {
  server: MemoryRequestServer | undefined;
  publisher: MemoryUpdatePublisher | undefined;
  readonly clients = new Set<MemoryRequestClient>();
  readonly subscribers = new Set<MemoryUpdateSubscriber>();
}

class MemoryTransport implements Transport {
  readonly #places = new Map<string, Place>();
  #lastNumber = 0;

  // deno-lint-ignore require-await -- a taken address must reject, not throw
  async bindRequests(address: string, options: BindOptions = {}): Promise<RequestServer> {
    const { name, place } = this.#claim(address);
    const server = new MemoryRequestServer(name, options, () => {
      place.server = undefined;
      for (const client of place.clients) client.serverClosed();
    });
    place.server = server;
    for (const client of place.clients) client.serverBound(server);
    return server;
  }

  // deno-lint-ignore require-await -- a taken address must reject, not throw
  async bindUpdates(address: string, options: BindOptions = {}): Promise<UpdatePublisher> {
    const { name, place } = this.#claim(address);
    const { highWaterMark = 10_000 } = options;
    const publisher = new MemoryUpdatePublisher(name, highWaterMark, place.subscribers, () => {
      place.publisher = undefined;
    });
    place.publisher = publisher;
    return publisher;
  }

  // deno-lint-ignore require-await -- an invalid address must reject, not throw
  async connectRequests(address: string): Promise<RequestClient> {
    const { clients, server } = this.#placeOf(checkAddress("connect to", address));
    const client = new MemoryRequestClient(address, () => clients.delete(client));
    clients.add(client);
    if (server !== undefined) client.serverBound(server);
    return client;
  }

  // deno-lint-ignore require-await -- an invalid address must reject, not throw
  async connectUpdates(address: string): Promise<UpdateSubscriber> {
    const { subscribers } = this.#placeOf(checkAddress("connect to", address));
    const subscriber = new MemoryUpdateSubscriber(() => subscribers.delete(subscriber));
    subscribers.add(subscriber);
    return subscriber;
  }

  #claim(address: string): { name: string; place: Place } {
    const name = checkAddress("bind", address)
      .replace(/:[0*]$/, () => `:${++this.#lastNumber}`);
    const place = this.#placeOf(name);
    if (place.server === undefined && place.publisher === undefined) return { name, place };
    const message = `Cannot bind ${address}: another socket uses it, ` +
      `close that socket or choose another address`;
    throw new TransportError("address_in_use", message);
  }

  #placeOf(name: string): Place {
    let place = this.#places.get(name);
    if (place === undefined) this.#places.set(name, place = new Place());
    return place;
  }
}

function checkAddress(action: string, address: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\/.+/.test(address)) return address;
  const message = `Cannot ${action} ${address}: not an address, write SCHEME://NAME`;
  throw new TransportError("address_invalid", message);
}
