/**
 * Sockets that carry bytes: over ZeroMQ, or within the process for tests and embedding.
 *
 * @module
 */

export type {
  BindOptions,
  ConnectSocketOptions,
  ConnectTransport,
  CurveClientOptions,
  CurveServerOptions,
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
export { generateCurveKeys, zmqTransport } from "./zmq.ts";
export { isZ85Key } from "./zmq/z85.ts";
export type { CurveKeyPair } from "./zmq/curve.ts";
