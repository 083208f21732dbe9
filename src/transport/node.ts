/**
 * The sockets that connect, on Node: what the packed client opens in the place of `zmq.ts`.
 *
 * @module
 */

import type { ConnectTransport } from "./sockets.ts";
import { connectDealer } from "./zmq/dealer.ts";
import { nodeRuntime } from "./zmq/node.ts";
import { connectSubscriber } from "./zmq/subscriber.ts";

/** Opens ZeroMQ sockets: DEALER and SUB. */
export function zmqTransport(): ConnectTransport {
  return {
    connectRequests: (address, options = {}) => connectDealer(address, options, nodeRuntime),
    connectUpdates: (address, options = {}) => connectSubscriber(address, options, nodeRuntime),
  };
}
