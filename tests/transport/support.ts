/** What several tests of the transports need. */

import type { IncomingRequest, RequestServer, UpdatePublisher } from "../../src/transport/mod.ts";

/** A hang becomes a failure after this many milliseconds. No test waits that long when all is well. */
const GUARD_MS = 60_000;

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function text(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

/** Fails instead of hanging when a promise never settles. */
export async function guarded<T>(promise: Promise<T>, what = "the event"): Promise<T> {
  const guard = Promise.withResolvers<never>();
  const timer = setTimeout(() => guard.reject(new Error(`Waited in vain for ${what}`)), GUARD_MS);
  try {
    return await Promise.race([promise, guard.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets timers and sockets have their turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets them have several: makes some room between events that only repeat. */
export async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await turn();
}

/** Waits until a condition holds that nothing announces. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > GUARD_MS) throw new Error(`Waited in vain until ${what}`);
    await turn();
  }
}

/** Answers every request with what `handle` makes of it, until the server is closed. */
export function serve(
  server: RequestServer,
  handle: (request: IncomingRequest) => void = echo,
): Promise<void> {
  return (async () => {
    for await (const request of server) handle(request);
  })();
}

/** Sends a request's body back. */
export function echo(request: IncomingRequest): void {
  request.reply(request.frames[0] ?? bytes("no frame"));
}

/**
 * Publishes markers until all these subscriptions are known to work, and returns when none is left: a
 * publisher does not tell who has subscribed.
 */
export async function subscribed(
  publisher: UpdatePublisher,
  ...iterators: AsyncIterator<Uint8Array>[]
): Promise<void> {
  let connected = 0;
  const firsts = iterators.map((iterator) => iterator.next().then(() => connected++));
  while (connected < iterators.length) {
    publisher.publish(bytes("marker"));
    await turns(100);
  }
  await Promise.all(firsts);
  publisher.publish(bytes("last marker"));
  for (const iterator of iterators) {
    while (text((await take(iterator, 1))[0]!) !== "last marker");
  }
}

/** Takes the next `count` messages. */
export async function take(
  iterator: AsyncIterator<Uint8Array>,
  count: number,
): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  while (messages.length < count) {
    const next = await guarded(iterator.next(), `message ${messages.length + 1} of ${count}`);
    if (next.done) break;
    messages.push(next.value);
  }
  return messages;
}
