/** `/v1/webhooks`: what is still to be told, and what was given up. */

import { Hono } from "hono";
import { type GuardEnv, needs } from "../auth/guard.ts";
import { HOOK_STATES, type HttpContext } from "../options.ts";
import { HttpProblem } from "../problem.ts";

/** Deliveries of a list, unless more or fewer are asked for, and at most. */
const LIMIT = { usual: 100, most: 1_000 };

/** The routes. */
export function webhookRoutes({ webhooks }: HttpContext): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  app.get("/", needs("admin"), async (c) => {
    const { state: word, limit = String(LIMIT.usual) } = c.req.query();
    const state = HOOK_STATES.find((one) => one === word);
    if (word !== state) {
      throw wrong("state", "expected waiting, delivered or dead");
    }
    if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > LIMIT.most) {
      throw wrong("limit", `expected 1 to ${LIMIT.most}`);
    }
    const query = {
      limit: Number(limit),
      ...(state === undefined ? {} : { state }),
    };
    return c.json({ deliveries: await webhooks.list(query) });
  });
  app.post("/:id/retry", needs("admin"), async (c) => {
    const id = c.req.param("id");
    if (await webhooks.retry(id)) return c.json({ id, state: "waiting" }, 202);
    const detail = "No delivery of this id was given up; GET /v1/webhooks?state=dead lists them";
    throw new HttpProblem({ status: 404, code: "not_found", detail });
  });
  return app;
}

function wrong(field: string, why: string): HttpProblem {
  const detail = `Invalid parameter: ${field}: ${why}`;
  return new HttpProblem({ status: 422, code: "invalid_parameter", detail });
}
