/** Conformance: updates. */

import assert from "node:assert/strict";
import type { Subject } from "./mod.ts";
import { bytes, guarded, subscribed, take, text, turn } from "../support.ts";

export function testUpdates(subject: Subject): void {
  testDelivery(subject);
  testSubscribers(subject);
  testEnds(subject);
}

function testDelivery({ name, open, address }: Subject): void {
  Deno.test(`${name}: every subscriber gets every update in order`, async () => {
    const transport = open();
    await using publisher = await transport.bindUpdates(address());
    await using first = await transport.connectUpdates(publisher.address);
    await using second = await transport.connectUpdates(publisher.address);
    const iterators = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()];
    await subscribed(publisher, ...iterators);
    const expected = Array.from({ length: 5_000 }, (_, index) => `${index}`);
    for (const word of expected) publisher.publish(bytes(word), { droppable: true });
    for (const iterator of iterators) {
      assert.deepEqual((await take(iterator, 5_000)).map(text), expected);
    }
  });

  Deno.test(`${name}: updates arrive as they were, of any size`, async () => {
    const transport = open();
    await using publisher = await transport.bindUpdates(address());
    await using subscriber = await transport.connectUpdates(publisher.address);
    const iterator = subscriber[Symbol.asyncIterator]();
    await subscribed(publisher, iterator);
    const bodies = [0, 1, 128, 129, 60_000].map((size) =>
      crypto.getRandomValues(new Uint8Array(size))
    );
    for (const body of bodies) publisher.publish(body);
    const updates = await take(iterator, bodies.length);
    assert.deepEqual(updates, bodies);
    assert.ok(updates.every((update) => update.constructor === Uint8Array));
  });
}

function testSubscribers({ name, open, address }: Subject): void {
  Deno.test(`${name}: a subscriber that does not read slows nobody and loses nobody's`, async () => {
    const transport = open();
    await using publisher = await transport.bindUpdates(address(), { highWaterMark: 100 });
    await using stopped = await transport.connectUpdates(publisher.address);
    await using reading = await transport.connectUpdates(publisher.address);
    const iterator = reading[Symbol.asyncIterator]();
    await subscribed(publisher, iterator, stopped[Symbol.asyncIterator]());
    const body = new Uint8Array(1_000);
    for (let round = 0; round < 600; round++) {
      for (let count = 0; count < 40; count++) publisher.publish(body);
      assert.equal((await take(iterator, 40)).length, 40);
    }
  });

  Deno.test(`${name}: a late subscriber gets what comes, not what was`, async () => {
    const transport = open();
    await using publisher = await transport.bindUpdates(address());
    publisher.publish(bytes("of the past"));
    await guarded(publisher.flush());
    await using subscriber = await transport.connectUpdates(publisher.address);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const update of subscriber) seen.push(text(update));
    })();
    while (!seen.includes("update")) {
      publisher.publish(bytes("update"));
      await turn();
    }
    assert.ok(!seen.includes("of the past"));
    await subscriber.close();
    await guarded(reading);
  });

  Deno.test(`${name}: a subscriber may connect before the publisher is there`, async () => {
    const transport = open();
    const placeholder = await transport.bindUpdates(address());
    await placeholder.close();
    await using subscriber = await transport.connectUpdates(placeholder.address);
    await using publisher = await transport.bindUpdates(placeholder.address);
    await subscribed(publisher, subscriber[Symbol.asyncIterator]());
  });

  Deno.test(`${name}: a subscription outlives a restart of the publisher`, async () => {
    const transport = open();
    const first = await transport.bindUpdates(address());
    await using subscriber = await transport.connectUpdates(first.address);
    const iterator = subscriber[Symbol.asyncIterator]();
    await subscribed(first, iterator);
    await first.close();
    await using second = await transport.bindUpdates(first.address);
    await subscribed(second, iterator);
  });
}

function testEnds({ name, open, address }: Subject): void {
  Deno.test(`${name}: UpdateSubscriber.close() ends iterations, waiting or not`, async () => {
    const transport = open();
    await using publisher = await transport.bindUpdates(address());
    const subscriber = await transport.connectUpdates(publisher.address);
    const iterator = subscriber[Symbol.asyncIterator]();
    const waiting = [iterator.next(), iterator.next()];
    await turn();
    await guarded(subscriber.close());
    for (const next of await guarded(Promise.all(waiting))) assert.equal(next.done, true);
    assert.equal((await guarded(iterator.next())).done, true);
  });

  Deno.test(`${name}: UpdatePublisher.close() lets all that was published leave first`, async () => {
    const transport = open();
    const publisher = await transport.bindUpdates(address());
    await using subscriber = await transport.connectUpdates(publisher.address);
    const iterator = subscriber[Symbol.asyncIterator]();
    await subscribed(publisher, iterator);
    for (let index = 0; index < 9_000; index++) publisher.publish(bytes(`${index}`));
    await guarded(publisher.close());
    publisher.publish(bytes("too late"));
    const updates = await take(iterator, 9_000);
    assert.equal(text(updates.at(-1)!), "8999");
  });

  Deno.test(`${name}: UpdatePublisher.flush() resolves though publishing goes on`, async () => {
    await using publisher = await open().bindUpdates(address(), { highWaterMark: 20 });
    let flushed = false;
    for (let count = 0; count < 15; count++) publisher.publish(bytes("before"));
    const flush = publisher.flush().then(() => flushed = true);
    while (!flushed) {
      for (let count = 0; count < 50; count++) publisher.publish(bytes("after"));
      await turn();
    }
    await guarded(flush);
  });
}
