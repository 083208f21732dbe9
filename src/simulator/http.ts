/**
 * Requests as route handlers see them, and the forms of answers.
 *
 * @module
 */

import { dumpJson, type Json, parseJson } from "./json.ts";
import type { ComfyProcess } from "./engine/process.ts";

/** A request body is larger than allowed. */
export class BodyTooLarge extends Error {
  /** The limit in bytes. */
  readonly limitBytes: number;

  /** Creates the error from the limit. */
  constructor(limitBytes: number) {
    super(`Maximum request body size ${limitBytes} exceeded.`);
    this.limitBytes = limitBytes;
  }
}

/** A request on its way through a handler. */
export class Exchange {
  /** The process that answers. */
  readonly process: ComfyProcess;
  /** The request. */
  readonly request: Request;
  /** Values of the placeholders in the route's path. */
  readonly params: Readonly<Record<string, string>>;
  /** The query. */
  readonly query: URLSearchParams;
  /** Port from which the gate passed the request on: names the TCP connection. */
  readonly connection: number;

  /** Wraps a request. */
  constructor(
    process: ComfyProcess,
    request: Request,
    params: Readonly<Record<string, string>>,
    connection: number,
  ) {
    this.process = process;
    this.request = request;
    this.params = params;
    this.query = new URL(request.url).searchParams;
    this.connection = connection;
  }

  /**
   * The body.
   *
   * @throws {BodyTooLarge} when it is larger than the server allows.
   */
  async body(): Promise<Uint8Array<ArrayBuffer>> {
    const limit = this.process.settings.maxUploadBytes;
    const declared = this.request.headers.get("content-length");
    if (Number(declared ?? 0) > limit) throw new BodyTooLarge(limit);
    // No more than declared comes through HTTP.
    if (declared !== null) return await this.request.bytes();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    for await (const part of this.request.body ?? []) {
      length += part.length;
      if (length > limit) throw new BodyTooLarge(limit);
      parts.push(part);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /**
   * The body as JSON, whatever its content type says.
   *
   * @throws {SyntaxError} when it is none.
   * @throws {BodyTooLarge} when it is larger than the server allows.
   */
  async json(): Promise<Json> {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(await this.body()));
  }
}

/** An answer with a JSON body. */
export function json(value: unknown, status = 200): Response {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return new Response(dumpJson(value), { status, headers });
}

/** An answer without a body. Success has no content type, failure has aiohttp's default one. */
export function empty(status: number): Response {
  if (status < 300) return new Response(null, { status });
  return new Response(null, { status, headers: { "content-type": "application/octet-stream" } });
}

/** An answer with a plain text. */
export function text(status: number, body: string): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

/** aiohttp's answer to an exception that nobody caught. */
export function serverError(): Response {
  return text(500, "500 Internal Server Error\n\nServer got itself in trouble");
}
