import { zmqTransport } from "../../src/transport/mod.ts";
import { testTransport } from "./conformance.ts";

const directory = await Deno.makeTempDir({ prefix: "transport_" });
let lastPath = 0;

testTransport({ name: "zmq tcp", open: zmqTransport, address: () => "tcp://127.0.0.1:0" });
testTransport({
  name: "zmq ipc",
  open: zmqTransport,
  address: () => `ipc://${directory}/${++lastPath}.sock`,
});

Deno.test.afterAll(() => Deno.remove(directory, { recursive: true }));
