/**
 * The sockets on ZeroMQ.
 *
 * @module
 */

import type {
  BindOptions,
  RequestClient,
  RequestServer,
  Transport,
  UpdatePublisher,
  UpdateSubscriber,
} from "./sockets.ts";
import { connectDealer } from "./zmq_dealer.ts";
import { bindPublisher } from "./zmq_publisher.ts";
import { bindRouter } from "./zmq_router.ts";
import { connectSubscriber } from "./zmq_subscriber.ts";

/**
 * Opens ZeroMQ sockets: ROUTER and PUB to bind, DEALER and SUB to connect. Addresses are ZeroMQ's,
 * such as `tcp://127.0.0.1:5555` or `ipc:///run/user/1000/pixels.sock`.
 *
 * Keep all sockets of a process in one thread: a `Worker` would load the native addon anew.
 */
export function zmqTransport(): Transport {
  return new ZmqTransport();
}

class ZmqTransport implements Transport {
  bindRequests(address: string, options?: BindOptions): Promise<RequestServer> {
    return bindRouter(address, options);
  }

  bindUpdates(address: string, options?: BindOptions): Promise<UpdatePublisher> {
    return bindPublisher(address, options);
  }

  // deno-lint-ignore require-await -- an invalid address must reject, not throw
  async connectRequests(address: string): Promise<RequestClient> {
    return connectDealer(address);
  }

  // deno-lint-ignore require-await -- an invalid address must reject, not throw
  async connectUpdates(address: string): Promise<UpdateSubscriber> {
    return connectSubscriber(address);
  }
}
