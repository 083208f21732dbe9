/** The HTTP server of a worker. */

import { ConfigError } from "../errors.ts";
import { createApp } from "./app.ts";
import { openTokenFile, type TokenFile } from "./auth/token_file.ts";
import type { HttpOptions } from "./options.ts";

/** A server that listens. Disposing of it ends open streams and closes it. */
export interface HttpServer extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Reads the tokens again. */
  reload(): Promise<void>;
}

/**
 * Starts the server.
 *
 * @throws {ConfigError} `in_use` or `invalid_value` if it cannot listen there; `unreadable` for the tokens.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { context, hostname, port, tokensFile, allowedOrigins = [], pingMs = 15_000 } = options;
  let tokens: TokenFile | undefined;
  if (tokensFile !== undefined) tokens = await openTokenFile(tokensFile, context.logger);
  else if (!isLoopback(hostname)) {
    throw new ConfigError(
      "invalid_value",
      `HTTP on ${hostname} can be reached from other machines, and no tokens are asked for. Make one with ` +
        "`cli token NAME` and name its file with http.tokens_file, or listen on 127.0.0.1",
    );
  }
  const app = createApp(context, { tokens, allowedOrigins, pingMs });
  const stopping = new AbortController();
  const server = listen(hostname, port, (request) => app.fetch(request), stopping.signal);
  const { addr } = server;
  const host = addr.hostname.includes(":") ? `[${addr.hostname}]` : addr.hostname;
  return {
    url: `http://${host}:${addr.port}`,
    reload: async () => await tokens?.reload(),
    async [Symbol.asyncDispose]() {
      // Open event streams would keep `shutdown()` waiting for ever.
      stopping.abort();
      await server.finished;
    },
  };
}

function listen(
  hostname: string,
  port: number,
  handler: (request: Request) => Response | Promise<Response>,
  signal: AbortSignal,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, signal, onListen: () => {} }, handler);
  } catch (cause) {
    const isTaken = cause instanceof Deno.errors.AddrInUse;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const rest = isTaken ? "it is in use; choose another port with --http-addr" : reason;
    const message = `Cannot listen on http://${hostname}:${port}: ${rest}`;
    throw new ConfigError(isTaken ? "in_use" : "invalid_value", message, { cause });
  }
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(hostname);
}
