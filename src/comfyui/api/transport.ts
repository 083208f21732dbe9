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

/** Opens a WebSocket; the headers go with its handshake, which only Deno's takes. */
export function openWebSocket(
  url: string,
  headers: Readonly<Record<string, string>>,
): WebSocketLike {
  // The page's files bring the browser's types along, which know no options.
  const options: unknown = { headers };
  return new WebSocket(url, options as string[]);
}
