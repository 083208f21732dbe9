/**
 * Sockets that carry bytes: over ZeroMQ, or within the process for tests and embedding.
 *
 * @module
 */

export type {
  BindOptions,
  IncomingRequest,
  PublishOptions,
  RequestClient,
  RequestOptions,
  RequestServer,
  Transport,
  UpdatePublisher,
  UpdateSubscriber,
} from "./sockets.ts";
export { memoryTransport } from "./memory.ts";
export { zmqTransport } from "./zmq.ts";
