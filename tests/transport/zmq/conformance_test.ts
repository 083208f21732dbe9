import { type BindOptions, zmqTransport } from "../../../src/transport/mod.ts";
import { bindPublisher } from "../../../src/transport/zmq/publisher.ts";
import { bindRouter } from "../../../src/transport/zmq/router.ts";
import { type Subject, testTransport } from "../conformance/mod.ts";
import { testRequests } from "../conformance/requests.ts";
import { testUpdates } from "../conformance/updates.ts";

const directory = await Deno.makeTempDir({ prefix: "transport_" });
let lastPath = 0;

testTransport({ name: "zmq tcp", open: zmqTransport, address: () => "tcp://127.0.0.1:0" });
testTransport({
  name: "zmq ipc",
  open: zmqTransport,
  address: () => `ipc://${directory}/${++lastPath}.sock`,
});

// Where libzmq cannot be opened without the addon, the addon has to do.
const throughAddon: Subject = {
  name: "zmq tcp through the addon",
  open: () => {
    const nowhere = () => Promise.resolve(undefined);
    return Object.assign(zmqTransport(), {
      bindRequests: (address: string, options?: BindOptions) =>
        bindRouter(address, options, nowhere),
      bindUpdates: (address: string, options?: BindOptions) =>
        bindPublisher(address, options, nowhere),
    });
  },
  address: () => "tcp://127.0.0.1:0",
};
testRequests(throughAddon);
testUpdates(throughAddon);

Deno.test.afterAll(() => Deno.remove(directory, { recursive: true }));
