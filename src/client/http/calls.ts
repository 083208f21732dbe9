/** Requests of the wire protocol as HTTP calls, and their answers as its replies. */

import { ProtocolError, TransportError } from "../../errors.ts";
import type { Reply, Request } from "../../protocol/mod.ts";

/** A request as HTTP has it. */
export interface HttpCall {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** Content, to be sent as JSON. */
  readonly body?: unknown;
  /** First byte that is asked for, of a file. */
  readonly offset?: number;
}

/** Longest list of ids in an address; the others are asked for later. */
const MOST_ID_CHARS = 16_384;

/** The call that a request is. */
export function callOf(request: Request): HttpCall {
  switch (request.type) {
    case "generate": {
      const { type: _type, ...fields } = request;
      return { method: "POST", path: "/v1/jobs", body: plain(fields) };
    }
    case "cancel":
      return { method: "DELETE", path: jobPath(request.job_id) };
    case "job":
      return { method: "GET", path: jobPath(request.job_id) };
    case "image": {
      const { job_id: id, index = 0, offset = 0 } = request;
      return { method: "GET", path: `${jobPath(id)}/images/${index}`, offset };
    }
    case "list_jobs": {
      const { job_ids: ids, type: _type, ...query } = request;
      return get("/v1/jobs", [...Object.entries(query), ...ids === undefined ? [] : idsOf(ids)]);
    }
    case "list_models":
      return get("/v1/models", request.all_types === true ? [["all_types", true]] : []);
    case "list_servers":
      return get("/v1/servers");
    case "list_workflows":
      return get("/v1/workflows");
    case "drain_server": {
      const action = request.draining ? "drain" : "resume";
      return {
        method: "POST",
        path: `/v1/servers/${part(request.server)}/${action}`,
      };
    }
    case "list_workers":
      return get("/v1/workers");
    case "drain_worker": {
      const action = request.draining ? "drain" : "resume";
      return {
        method: "POST",
        path: `/v1/workers/${part(request.worker)}/${action}`,
      };
    }
    case "status":
      return get("/v1/status");
    case "ping":
      return get("/healthz");
    default:
      return request satisfies never;
  }
}

/** The reply that an answer is. @throws {TransportError} `unauthorized`. @throws {ProtocolError} */
export async function replyOf(request: Request, response: Response): Promise<Reply> {
  if (!response.ok) return await refusalOf(request, response);
  if (request.type === "image") return await imageOf(request.job_id, request.index ?? 0, response);
  const body = await jsonOf(response);
  if (body === undefined) {
    throw new ProtocolError("malformed", `${response.url} answered with something else than JSON`);
  }
  return { ...body, type: REPLIES[request.type] } as Reply;
}

const REPLIES = {
  generate: "job_accepted",
  cancel: "job_cancelled",
  job: "job_info",
  list_jobs: "job_list",
  list_models: "model_list",
  list_servers: "server_list",
  list_workflows: "workflow_list",
  drain_server: "server_list",
  list_workers: "worker_list",
  drain_worker: "worker_list",
  status: "status_info",
  ping: "pong",
} as const;

/** A part of a path or query; half of a surrogate pair becomes U+FFFD there, too. */
function part(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function jobPath(id: string): string {
  return `/v1/jobs/${part(id)}`;
}

function get(path: string, query: readonly (readonly [string, unknown])[] = []): HttpCall {
  const given = query.filter(([, value]) => value !== undefined);
  if (given.length === 0) return { method: "GET", path };
  const words = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return { method: "GET", path: `${path}?${words}` };
}

/** Each id by itself, since one may hold a comma; `ids=` asks for none. */
function idsOf(ids: readonly string[]): [name: string, value: string][] {
  if (ids.length === 0) return [["ids", ""]];
  let chars = 0;
  const fitting = ids.filter((id) => (chars += part(id).length + 4) <= MOST_ID_CHARS);
  return (fitting.length === 0 ? ids.slice(0, 1) : fitting).map((id) => ["id", id]);
}

/** The worker's refusals are in the words of the wire protocol, whatever carries them. */
async function refusalOf(request: Request, response: Response): Promise<Reply> {
  const { status, url } = response;
  const { code, detail } = await jsonOf(response) ?? {};
  if (typeof detail !== "string") {
    // Something in between speaks for a worker that is away.
    throw new TransportError("timeout", `No answer from the worker: ${url} says ${status}`);
  }
  if (status === 401 || status === 403) throw new TransportError("unauthorized", detail);
  if (status === 421) throw new TransportError("address_invalid", detail);
  if (code === "not_found" && detail.startsWith("There is no ")) {
    return { type: "error", message: `Unknown request type: ${request.type} (${detail})` };
  }
  const id = "job_id" in request ? request.job_id : "id" in request ? request.id : undefined;
  return id === undefined
    ? { type: "error", message: detail }
    : { type: "job_error", job_id: id, error: detail };
}

async function imageOf(id: string, index: number, response: Response): Promise<Reply> {
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(
    response.headers.get("content-range") ?? "",
  ) ?? [];
  const data = new Uint8Array(await response.arrayBuffer());
  return {
    type: "image_data",
    job_id: id,
    index,
    offset: Number(first ?? 0),
    size_bytes: Number(size ?? data.length),
    content_type: response.headers.get("content-type") ?? "application/octet-stream",
    data,
  };
}

async function jsonOf(response: Response): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await response.text());
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Fields as JSON has them: bytes become base64. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { base64: base64Of(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

/** More than so many arguments no engine takes. */
const CHUNK_BYTES = 8_192;

/** `toBase64()` is younger than the browsers that people have. */
function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (let pos = 0; pos < bytes.length; pos += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(pos, pos + CHUNK_BYTES));
  }
  return btoa(text);
}
