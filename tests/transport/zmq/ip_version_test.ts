import assert from "node:assert/strict";
import { TransportError } from "../../../src/errors.ts";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { needsIpv6 } from "../../../src/transport/zmq/ip_version.ts";
import { bytes, guarded, serve, text, turn } from "../support.ts";

const ADDRESSES: readonly (readonly [address: string, needsIpv6: boolean])[] = [
  ["tcp://127.0.0.1:5555", false],
  ["tcp://*:5555", false],
  ["tcp://[::1]:5555", true],
  ["tcp://[::]:*", true],
  ["tcp://[fe80::1%eth0]:5555", true],
  ["tcp://127.0.0.1:0;[::1]:5555", true],
  ["tcp://no-such-interface0:5555", false],
  ["tcp://a\0b:5555", false],
  ["ipc:///tmp/[::1]:1", false],
  ["tcp://", false],
];

for (const [address, expected] of ADDRESSES) {
  Deno.test(`needsIpv6() is ${expected} for ${JSON.stringify(address)}`, async () => {
    assert.equal(await needsIpv6(address), expected);
  });
}

Deno.test("needsIpv6() is false for a name that has an IPv4 address, where servers mostly are", async () => {
  assert.equal(await needsIpv6("tcp://localhost:5555"), false);
});

Deno.test("zmq sockets bind and connect on [::1], or say that they cannot where there is no IPv6", async () => {
  const transport = zmqTransport();
  if (!await hasIpv6()) {
    await assert.rejects(transport.bindRequests("tcp://[::1]:0"), TransportError);
    return;
  }
  await using server = await transport.bindRequests("tcp://[::1]:0");
  assert.match(server.address, /^tcp:\/\/\[::1\]:[1-9]\d*$/);
  await using client = await transport.connectRequests(server.address);
  const serving = serve(server);
  assert.equal(text(await guarded(client.request(bytes("here?")))), "here?");
  await using publisher = await transport.bindUpdates("tcp://[::1]:0");
  await using subscriber = await transport.connectUpdates(publisher.address);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const body of subscriber) seen.push(text(body));
  })();
  while (!seen.includes("update")) {
    publisher.publish(bytes("update"));
    await guarded(publisher.flush());
    await turn();
  }
  await subscriber.close();
  await guarded(reading);
  await server.close();
  await serving;
});

Deno.test("zmq sockets refuse a port above 65535 in every part of an address, which libzmq wraps", async () => {
  const transport = zmqTransport();
  for (const address of ["tcp://127.0.0.1:65536", "tcp://127.0.0.1:70000;127.0.0.1:5555"]) {
    await assert.rejects(transport.connectRequests(address), (error) => {
      assert.ok(error instanceof TransportError);
      assert.equal(error.code, "address_invalid");
      assert.match(error.message, /no port between 1 and 65535/);
      return true;
    });
  }
  await assert.rejects(transport.bindRequests("tcp://[::1]:65536"), /no port between 0 and 65535/);
});

/** Deno reads nothing below /proc without all permissions; `cat` does. */
async function hasIpv6(): Promise<boolean> {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/net/if_inet6"] }).output();
  return /lo$/m.test(new TextDecoder().decode(stdout));
}
