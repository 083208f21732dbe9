/** Who may ask what: tokens where there are some, else this machine only; and no page of a stranger. */

import type { MiddlewareHandler } from "hono";
import { HttpProblem } from "../problem.ts";
import { allows, type Caller, type Scope } from "./tokens.ts";
import type { TokenFile } from "./token_file.ts";

/** What the guard knows. */
export interface GuardOptions {
  /** Knows tokens; without it whoever reaches the port may do everything. */
  readonly tokens: TokenFile | undefined;
  /** Origins whose pages may call. */
  readonly allowedOrigins: readonly string[];
}

/** What routes are told of a request. */
export interface GuardEnv {
  Variables: { caller: Caller };
}

/** Everybody on this machine, where no tokens are asked for. */
const LOCAL: Caller = { name: "local", scope: "admin" };

/** Names by which this machine is called from itself. */
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Looks at each request before its route.
 *
 * Without tokens the `Host` must be this machine's: a name of a stranger's that resolves to 127.0.0.1 would let
 * pages of his in ("DNS rebinding").
 */
export function guard({ tokens, allowedOrigins }: GuardOptions): MiddlewareHandler<GuardEnv> {
  return async (c, next) => {
    const { headers } = c.req.raw;
    const origin = headers.get("origin");
    const isForeign = origin !== null && !isOwn(origin, headers.get("host"));
    if (isForeign && !allowedOrigins.includes(origin)) {
      throw forbidden(`Pages of ${printable(origin)} may not call; add it to http.allowed_origins`);
    }
    if (headers.get("sec-fetch-site") === "cross-site" && !isForeign) {
      throw forbidden("Pages of other sites may not call");
    }
    if (tokens === undefined && !LOCAL_HOST.test(headers.get("host") ?? "")) {
      throw new HttpProblem({
        status: 421,
        code: "wrong_host",
        detail:
          "Without tokens only localhost is served by name; use http://127.0.0.1 or set http.tokens_file",
      });
    }
    if (isForeign && c.req.method === "OPTIONS") return preflight();
    c.set("caller", tokens === undefined ? LOCAL : await callerOf(tokens, headers));
    await next();
    return undefined;
  };
}

/**
 * Lets pages of the origins that may call read the answers, whatever made them: those of routes, refusals and
 * streams. To be used before the guard, whose refusals they read, too.
 */
export function readableBy(allowedOrigins: readonly string[]): MiddlewareHandler<GuardEnv> {
  return async (c, next) => {
    await next();
    const origin = c.req.header("origin");
    if (origin === undefined || !allowedOrigins.includes(origin)) return;
    c.res.headers.set("access-control-allow-origin", origin);
    c.res.headers.set(
      "access-control-expose-headers",
      "content-range, etag, location, preference-applied, retry-after",
    );
    c.res.headers.set("cross-origin-resource-policy", "cross-origin");
    c.res.headers.append("vary", "origin");
  };
}

/** Lets a route pass for callers with a scope. */
export function needs(scope: Scope): MiddlewareHandler<GuardEnv> {
  return async (c, next) => {
    const caller = c.get("caller");
    if (!allows(caller.scope, scope)) {
      throw forbidden(
        `The token ${caller.name} has the scope ${caller.scope}; this needs ${scope}`,
      );
    }
    await next();
  };
}

async function callerOf(tokens: TokenFile, headers: Headers): Promise<Caller> {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  const caller = token === undefined ? undefined : await tokens.callerOf(token);
  if (caller !== undefined) return caller;
  const detail = token === undefined
    ? "A token is needed; send the header Authorization: Bearer TOKEN"
    : "The token is not known";
  throw new HttpProblem({ status: 401, code: "unauthorized", detail });
}

function isOwn(origin: string, host: string | null): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers":
        "authorization, content-type, idempotency-key, if-none-match, if-range, last-event-id, prefer, range",
      "access-control-max-age": "600",
    },
  });
}

function forbidden(detail: string): HttpProblem {
  return new HttpProblem({ status: 403, code: "forbidden", detail });
}

function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, "?");
}
