import { encodeReply, encodeRequest } from "../../src/protocol/mod.ts";
import { memoryTransport, type Transport, zmqTransport } from "../../src/transport/mod.ts";
import { serveRequests } from "../../src/worker/server.ts";

const PING = encodeRequest({ type: "ping" });
const PINGS = 2_000;
encodeReply({ type: "pong" });

/** Sockets must be closed within the measurement: a benchmark has no end to close them at. */
async function pingPong(transport: Transport, address: string): Promise<void> {
  await using server = await transport.bindRequests(address);
  const serving = serveRequests({
    requests: server,
    handle: () => Promise.resolve({ type: "pong" }),
  });
  {
    await using client = await transport.connectRequests(server.address);
    for (let i = 0; i < PINGS; i += 1) await client.request(PING);
  }
  await server.close();
  await serving;
}

Deno.bench({
  name: `${PINGS} pings in memory, one after the other`,
  group: "ping",
  baseline: true,
  n: 10,
}, async () => {
  await pingPong(memoryTransport(), "mem://ping");
});

Deno.bench({
  name: `${PINGS} pings over ZeroMQ on TCP, both ends in this process`,
  group: "ping",
  n: 10,
}, async () => {
  await pingPong(zmqTransport(), "tcp://127.0.0.1:0");
});
