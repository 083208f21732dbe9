/** The HTTP server of a worker. */

import { ConfigError, messageOf } from "../errors.ts";
import { createApp } from "./app.ts";
import { openTokenFile, type TokenFile } from "./auth/token_file.ts";
import { Crowd } from "./crowd.ts";
import { Listener } from "./listener.ts";
import type { HttpOptions } from "./options.ts";
import { Turns } from "./turns.ts";
import { type Problem, problemResponse } from "./problem.ts";

/** Connections of one address, unless told otherwise. */
const MAX_CONNECTIONS = 1_000;

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
  const app = createApp(context, {
    tokens,
    allowedOrigins,
    pingMs,
    refused: () => crowd.refused,
  });
  const { maxConnections = MAX_CONNECTIONS, connectionsTo } = options;
  const { logger } = context;
  const turns = new Turns();
  const server = new Listener({
    hostname,
    port,
    async handler(request, info) {
      const entered = crowd.enter(info.remoteAddr);
      if (typeof entered !== "function") return refuse(entered);
      let isLast = false;
      const leave = () => entered(isLast);
      void info.completed.then(leave, leave);
      await turns.next();
      const response = await app.fetch(request);
      isLast = response.headers.get("connection") === "close";
      return response;
    },
    onPause(error) {
      const reason = messageOf(error);
      logger.log("error", `HTTP takes no connections for a moment: ${reason}`);
      crowd.look();
    },
  });
  const crowd: Crowd = new Crowd({
    maxConnections,
    connections: connectionsTo?.(server.port),
    logger,
  });
  return {
    url: `http://${server.host}:${server.port}`,
    reload: async () => await tokens?.reload(),
    async [Symbol.asyncDispose]() {
      crowd[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Its connection ends, too, so that there is room for others. */
function refuse(problem: Problem): Response {
  const response = problemResponse(problem);
  response.headers.set("connection", "close");
  return response;
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(hostname);
}
