/**
 * The HTTP server behind the gate: finds the route, keeps the conventions that hold for all of them.
 *
 * @module
 */

import { BodyTooLarge, empty, Exchange, serverError, text } from "../http.ts";
import type { RouteFailure } from "../faults.ts";
import type { ComfyProcess } from "../engine/process.ts";
import { isForeignOrigin } from "./origin.ts";
import { findRoute, type Match } from "./routes/table.ts";

/** What the server asks of the simulator. */
export interface ServerContext {
  /** The process that lives now. */
  readonly process: ComfyProcess;
  /** Cuts a client's connection. */
  cut(connection: number): void;
}

/** Starts the HTTP server on a free port of the loopback address. */
export function serve(context: ServerContext): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, (request, info) => {
    // Read before anything else: it can no longer be read once the request has become a WebSocket.
    const connection = info.remoteAddr.port;
    return answer(context, request, connection);
  });
}

async function answer(
  context: ServerContext,
  request: Request,
  connection: number,
): Promise<Response> {
  const { process } = context;
  const { method, headers } = request;
  if (isForeignOrigin(headers.get("host"), headers.get("origin"))) return empty(403);
  const isCrossSite = headers.get("sec-fetch-site") === "cross-site";
  if (isCrossSite && process.settings.profile.refusesCrossSite) return empty(403);
  if (method === "OPTIONS") return empty(200);
  const match = findRoute(method, new URL(request.url).pathname, process.settings.profile);
  if (match === undefined) return noRoute(method);
  const response = await handle(process, match, request, connection);
  process.log.emit({ type: "request", route: match.name, status: response.status });
  if (process.faults.takeLostAnswer(match.name)) context.cut(connection);
  return method === "HEAD" ? new Response(null, response) : response;
}

async function handle(
  process: ComfyProcess,
  { name, route, params }: Match,
  request: Request,
  connection: number,
): Promise<Response> {
  const failure = process.faults.takeFailure(name);
  if (failure !== undefined) return failed(failure);
  try {
    return await route.handle(new Exchange(process, request, params, connection));
  } catch (error) {
    return error instanceof BodyTooLarge ? text(413, error.message) : serverError();
  }
}

function failed({ status, retryAfterS }: RouteFailure): Response {
  const response = status === 500 ? serverError() : text(status, `${status}: Injected Failure`);
  if (retryAfterS !== undefined) response.headers.set("retry-after", String(retryAfterS));
  return response;
}

/** The static files lie at the root and answer GET only, hence 405 and not 404 for the rest. */
function noRoute(method: string): Response {
  if (method === "GET" || method === "HEAD") return empty(404);
  return text(405, "405: Method Not Allowed");
}
