/** `/metrics`, for Prometheus; it sends a token as `authorization` of its `scrape_configs`. */

import { Hono } from "hono";
import { type GuardEnv, needs } from "../auth/guard.ts";
import { METRICS_TYPE } from "../metrics/metrics.ts";
import type { HttpContext } from "../options.ts";

/** The route. */
export function metricsRoutes(
  { metrics, snapshot }: HttpContext,
  count: { readonly listeners: number },
  refused: () => number,
): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  app.get("/", needs("read"), async (c) => {
    const now = await snapshot();
    const refusedConnections = now.refusedConnections + refused();
    const text = await metrics.text({ ...now, refusedConnections, listeners: count.listeners });
    return c.body(text, 200, { "content-type": METRICS_TYPE });
  });
  return app;
}
