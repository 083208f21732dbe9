import { encodeReply, encodeRequest } from "../../src/protocol/mod.ts";
import { memoryTransport, zmqTransport } from "../../src/transport/mod.ts";
import { serveRequests } from "../../src/worker/server.ts";

const PING = encodeRequest({ type: "ping" });
encodeReply({ type: "pong" });

for (
  const [name, transport, address] of [
    ["memory", memoryTransport(), "mem://ping"],
    ["ZeroMQ on TCP", zmqTransport(), "tcp://127.0.0.1:0"],
  ] as const
) {
  const server = await transport.bindRequests(address);
  const serving = serveRequests({
    requests: server,
    handle: () => Promise.resolve({ type: "pong" }),
  });
  const client = await transport.connectRequests(server.address);
  Deno.bench({
    name: `ping over ${name}, both ends in this process`,
    group: "ping",
    baseline: name === "memory",
  }, async () => {
    await client.request(PING);
  });
  globalThis.addEventListener("unload", () => {
    client.close();
    server.close();
    serving.catch(() => {});
  });
}
