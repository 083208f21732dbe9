import { type BindOptions, zmqTransport } from "../../src/transport/mod.ts";
import { bindRouter } from "../../src/transport/zmq_router.ts";
import { testTransport } from "./conformance.ts";
import { testRequests } from "./conformance_requests.ts";

const directory = await Deno.makeTempDir({ prefix: "transport_" });
let lastPath = 0;

testTransport({ name: "zmq tcp", open: zmqTransport, address: () => "tcp://127.0.0.1:0" });
testTransport({
  name: "zmq ipc",
  open: zmqTransport,
  address: () => `ipc://${directory}/${++lastPath}.sock`,
});

// Where libzmq cannot be opened beside the addon, the addon has to do.
testRequests({
  name: "zmq tcp through the addon",
  open: () =>
    Object.assign(zmqTransport(), {
      bindRequests: (address: string, options?: BindOptions) =>
        bindRouter(address, options, () => undefined),
    }),
  address: () => "tcp://127.0.0.1:0",
});

Deno.test.afterAll(() => Deno.remove(directory, { recursive: true }));
