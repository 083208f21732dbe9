/** How bytes reach a server. The only user of `fetch` and `WebSocket`. */

import type { WebSocketLike } from "../options.ts";

/**
 * `fetch`, which never sends a body twice. Deno's own does so unasked, with text and bytes, when a
 * connection that it kept open closes without an answer (denoland/deno issue 35610), and a prompt
 * would run twice; a Blob it sends once.
 */
export function fetchOnce(input: string, init: RequestInit): Promise<Response> {
  if (typeof init.body !== "string") return fetch(input, init);
  return fetch(input, { ...init, body: new Blob([init.body]) });
}

/** Deno's own, which takes headers; where the page is checked too, the browser's type hides that. */
type DenoWebSocket = new (
  url: string,
  options: { headers: Readonly<Record<string, string>> },
) => WebSocketLike;

/** Opens a WebSocket; the headers go with its handshake. */
export function openWebSocket(
  url: string,
  headers: Readonly<Record<string, string>>,
): WebSocketLike {
  const Socket = WebSocket as unknown as DenoWebSocket;
  return new Socket(url, { headers });
}
