/**
 * The sockets on ZeroMQ.
 *
 * @module
 */

import type {
  BindOptions,
  ConnectSocketOptions,
  RequestClient,
  RequestServer,
  Transport,
  UpdatePublisher,
  UpdateSubscriber,
} from "./sockets.ts";
import type { CurveKeyPair } from "./zmq/curve.ts";
import type { ConnectRuntime } from "./zmq/options.ts";
import { bindPublisher } from "./zmq/publisher.ts";
import { bindRouter } from "./zmq/router.ts";

/**
 * Opens ZeroMQ sockets: ROUTER and PUB to bind, DEALER and SUB to connect. Addresses are ZeroMQ's,
 * such as `tcp://127.0.0.1:5555` or `ipc:///run/user/1000/pixels.sock`.
 *
 * Keep all sockets of a process in one thread: a `Worker` would load the native addon anew.
 */
export function zmqTransport(): Transport {
  return new ZmqTransport();
}

/** Draws a new pair of CURVE keys. */
export async function generateCurveKeys(): Promise<CurveKeyPair> {
  const { generateCurveKeys } = await import("./zmq/curve.ts");
  return generateCurveKeys();
}

class ZmqTransport implements Transport {
  bindRequests(address: string, options?: BindOptions): Promise<RequestServer> {
    return bindRouter(address, options);
  }

  bindUpdates(address: string, options?: BindOptions): Promise<UpdatePublisher> {
    return bindPublisher(address, options);
  }

  // Who connects needs the addon, which a worker would load for nothing.

  async connectRequests(
    address: string,
    options: ConnectSocketOptions = {},
  ): Promise<RequestClient> {
    const { connectDealer } = await import("./zmq/dealer.ts");
    return await connectDealer(address, options, await denoRuntime());
  }

  async connectUpdates(
    address: string,
    options: ConnectSocketOptions = {},
  ): Promise<UpdateSubscriber> {
    const { connectSubscriber } = await import("./zmq/subscriber.ts");
    return await connectSubscriber(address, options, await denoRuntime());
  }
}

async function denoRuntime(): Promise<ConnectRuntime> {
  const { receiverOf } = await import("./zmq/socket.ts");
  const { needsIpv6 } = await import("./zmq/ip_version.ts");
  // The addon's own waiting hangs on Deno.
  return { receiverOf, needsIpv6, receiveTimeout: 0 };
}
