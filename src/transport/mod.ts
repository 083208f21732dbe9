/**
 * Sockets that carry bytes: over ZeroMQ, or within the process for tests and embedding.
 *
 * @example A request and its answer
 * ```ts
 * import { memoryTransport } from "./mod.ts";
 *
 * const transport = memoryTransport();
 * await using server = await transport.bindRequests("memory://echo");
 * await using client = await transport.connectRequests("memory://echo");
 * const answer = client.request(new Uint8Array([1, 2, 3]));
 * for await (const request of server) {
 *   request.reply(request.frames[0] ?? new Uint8Array());
 *   break;
 * }
 * console.log(await answer);
 * ```
 *
 * @module
 */

export type {
  BindOptions,
  ConnectSocketOptions,
  ConnectTransport,
  CurveClientOptions,
  CurveServerOptions,
  Gate,
  IncomingRequest,
  PublishOptions,
  RequestClient,
  RequestOptions,
  RequestServer,
  Transport,
  UpdatePublisher,
  UpdateSubscriber,
} from "./sockets.ts";
export { openGate } from "./gate.ts";
export type { GateOptions } from "./gate.ts";
export { giveBackMemory, holdSystem } from "./system.ts";
export { memoryTransport } from "./memory.ts";
export { connectionsTo } from "./tcp_port.ts";
export type { PortConnection, PortConnections } from "./tcp_port.ts";
export { generateCurveKeys, zmqTransport } from "./zmq.ts";
export { isZ85Key } from "./zmq/z85.ts";
export type { CurveKeyPair } from "./zmq/curve.ts";
