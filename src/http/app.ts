/** All routes behind the guard. */

import { Hono } from "hono";
import { JobError } from "../errors.ts";
import { guard, type GuardEnv, type GuardOptions, readableBy } from "./auth/guard.ts";
import type { HttpContext } from "./options.ts";
import { HttpProblem, problemResponse, refusal } from "./problem.ts";
import { eventRoutes } from "./routes/events.ts";
import { jobImageRoutes, uploadRoutes } from "./routes/images.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { healthRoutes, listRoutes } from "./routes/lists.ts";
import { mcpRoutes } from "./routes/mcp.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import { pageRoutes } from "./routes/page.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

/** Options of {@linkcode createApp}. */
export interface AppOptions extends GuardOptions {
  /** Pause between comments that keep an event stream open, in milliseconds. */
  readonly pingMs: number;
  /** Counts connections that were too many. */
  readonly refused: () => number;
}

/** Headers of every answer: nothing of ours is a page of somebody else's, or reads one. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Type of the answers that have no length. */
const EVENT_STREAM = "text/event-stream";

/** Methods that routes have. */
const METHODS = ["GET", "POST", "DELETE"];

/** Puts the routes together. */
export function createApp(context: HttpContext, options: AppOptions): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
    if (c.req.method === "HEAD") c.res = await headOf(c.res);
  });
  app.use(readableBy(options.allowedOrigins));
  app.route("/", healthRoutes(context));
  app.route("/", pageRoutes());
  app.use(guard(options));
  app.route("/", openApiRoutes());
  app.route("/v1/jobs", jobRoutes(context));
  app.route("/v1/jobs", jobImageRoutes(context));
  app.route("/v1/images", uploadRoutes(context));
  const count = { listeners: 0 };
  app.route("/v1", eventRoutes(context, { ...options, count }));
  app.route("/metrics", metricsRoutes(context, count, options.refused));
  app.route("/v1/webhooks", webhookRoutes(context));
  app.route("/v1", listRoutes(context));
  app.route("/mcp", mcpRoutes(context));
  app.notFound((c) => {
    const { method, path } = c.req;
    const detail = `There is no ${method} ${path}; see /openapi.json`;
    const others = METHODS.filter((other) =>
      app.router.match(other, path)[0].some(([[, { method: one }]]) => one === other)
    );
    if (others.length === 0) return problemResponse({ status: 404, code: "not_found", detail });
    const answer = problemResponse({ status: 405, code: "not_found", detail });
    answer.headers.set("allow", others.join(", "));
    return answer;
  });
  app.onError((error) => {
    if (error instanceof HttpProblem) return problemResponse(error.problem);
    // The store of images does not answer.
    if (error instanceof JobError && error.code === "storage") {
      return problemResponse(refusal(`Backend busy: ${error.message}`).problem);
    }
    context.logger.log("error", `Cannot answer over HTTP: ${error.message}`);
    const detail = "The worker could not answer; its log says why";
    return problemResponse({ status: 500, code: "backend", detail });
  });
  return app;
}

/** HEAD runs the route of GET. What that opened would stay open with nobody to read it. */
async function headOf({ status, headers, body }: Response): Promise<Response> {
  const isShort = !headers.has("content-length") && headers.get("content-type") !== EVENT_STREAM;
  if (!isShort) await body?.cancel();
  else if (body !== null) {
    const { byteLength } = await new Response(body).arrayBuffer();
    headers.set("content-length", String(byteLength));
  }
  return new Response(null, { status, headers });
}
