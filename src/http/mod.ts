/**
 * The worker over HTTP: the wire protocol's requests as routes, its updates as server-sent events, image bytes.
 *
 * @module
 */

export { createToken, type NewToken, type Scope, SCOPES } from "./auth/tokens.ts";
export { createUpdateFeed, type FedUpdate, type UpdateFeed } from "./feed.ts";
export { createMetrics, type Metrics, type Snapshot } from "./metrics/metrics.ts";
export type { HookView, HttpContext, HttpOptions } from "./options.ts";
export { type HttpServer, startHttp } from "./server.ts";
