/** Conformance: binding, closing, starting again. */

import assert from "node:assert/strict";
import { TransportError } from "../../../src/errors.ts";
import type { Subject } from "./mod.ts";
import { bytes, guarded, serve, text } from "../support.ts";

export function testAddresses({ name, open, address }: Subject): void {
  Deno.test(`${name}: bindRequests() and bindUpdates() tell the address really bound`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using publisher = await transport.bindUpdates(address());
    assert.doesNotMatch(server.address, /:[0*]$/);
    assert.notEqual(server.address, publisher.address);
    await using client = await transport.connectRequests(server.address);
    const serving = serve(server);
    assert.equal(text(await guarded(client.request(bytes("here?")))), "here?");
    await server.close();
    await serving;
  });

  Deno.test(`${name}: binding a taken address fails with address_in_use and a remedy`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    for (const bind of ["bindRequests", "bindUpdates"] as const) {
      await assert.rejects(transport[bind](server.address), (error) => {
        assert.ok(error instanceof TransportError);
        assert.equal(error.code, "address_in_use");
        assert.ok(error.message.includes(server.address), error.message);
        assert.match(error.message, /choose another address/);
        return true;
      });
    }
  });

  Deno.test(`${name}: an address that is none fails with address_invalid`, async () => {
    const transport = open();
    const calls = ["bindRequests", "bindUpdates", "connectRequests", "connectUpdates"] as const;
    for (const call of calls) {
      await assert.rejects(transport[call]("nowhere"), (error) => {
        assert.ok(error instanceof TransportError);
        assert.equal(error.code, "address_invalid");
        assert.match(error.message, /nowhere.*rite /);
        return true;
      });
    }
  });

  Deno.test(`${name}: an address is free again once its socket was closed`, async () => {
    const transport = open();
    const first = await transport.bindRequests(address());
    await first.close();
    await using second = await transport.bindUpdates(first.address);
    assert.equal(second.address, first.address);
  });

  Deno.test(`${name}: 200 cycles of opening, use and closing leave nothing behind`, async () => {
    const transport = open();
    for (let cycle = 0; cycle < 200; cycle++) {
      await using server = await transport.bindRequests(address());
      await using publisher = await transport.bindUpdates(address());
      await using client = await transport.connectRequests(server.address);
      await using subscriber = await transport.connectUpdates(publisher.address);
      const updates = Array.fromAsync(subscriber);
      const serving = serve(server);
      const body = new Uint8Array(300).fill(cycle);
      assert.deepEqual(await guarded(client.request(body)), body);
      publisher.publish(body);
      await subscriber.close();
      await updates;
      await server.close();
      await serving;
    }
  });

  Deno.test(`${name}: every close() may be called again, at once or later`, async () => {
    const transport = open();
    const server = await transport.bindRequests(address());
    const publisher = await transport.bindUpdates(address());
    const client = await transport.connectRequests(server.address);
    const subscriber = await transport.connectUpdates(publisher.address);
    for (const socket of [client, subscriber, server, publisher]) {
      await guarded(Promise.all([socket.close(), socket.close()]));
      await guarded(socket.close());
      await socket[Symbol.asyncDispose]();
    }
  });
}
