/** What there is: models, servers; and whether the worker is well. */

import { Hono } from "hono";
import { ConfigError } from "../../errors.ts";
import type { ModelInfo, ModelList } from "../../protocol/mod.ts";
import { type GuardEnv, needs } from "../auth/guard.ts";
import { readJson } from "../body.ts";
import type { HttpContext } from "../options.ts";
import { HttpProblem } from "../problem.ts";
import { ask, checked } from "./ask.ts";

/** Routes below `/v1`. */
export function listRoutes(context: HttpContext): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  app.get("/models", needs("read"), async (c) => {
    const types = c.req.query("all_types") === "true" ? { all_types: true } : {};
    return c.json({ models: await allModels(context, types) });
  });
  app.get("/workflows", needs("read"), async (c) => {
    const { workflows, unusable } = await catalogOf(context);
    return c.json({ workflows: workflows.map((name) => ({ name })), unusable });
  });
  app.get("/palettes", needs("read"), async (c) => {
    const { palettes } = await catalogOf(context);
    return c.json({ palettes });
  });
  app.get("/servers", needs("read"), async (c) => {
    const { type: _type, ...lists } = await ask(context, { type: "list_servers" }, "server_list");
    return c.json(lists);
  });
  app.get("/workers", needs("read"), async (c) => {
    const { workers } = await ask(context, { type: "list_workers" }, "worker_list");
    return c.json({ workers });
  });
  app.post("/servers", needs("admin"), async (c) => {
    const fields = await readJson(c.req.raw);
    const name = await orProblem(() => context.servers.add(fields));
    const { servers } = await ask(context, { type: "list_servers" }, "server_list");
    return c.json({ servers }, 201, { location: `/v1/servers/${encodeURIComponent(name)}` });
  });
  app.delete("/servers/:name", needs("admin"), async (c) => {
    const isFound = await orProblem(() => context.servers.remove(c.req.param("name")));
    if (!isFound) {
      const detail = "There is no server of this name; GET /v1/servers lists them";
      throw new HttpProblem({ status: 404, code: "not_found", detail });
    }
    const { servers } = await ask(context, { type: "list_servers" }, "server_list");
    return c.json({ servers }, 202);
  });
  for (const [action, draining] of [["drain", true], ["resume", false]] as const) {
    app.post(`/servers/:name/${action}`, needs("admin"), async (c) => {
      const request = checked({ type: "drain_server", server: c.req.param("name"), draining });
      const { servers } = await ask(context, request, "server_list");
      return c.json({ servers });
    });
    app.post(`/workers/:name/${action}`, needs("admin"), async (c) => {
      const request = checked({ type: "drain_worker", worker: c.req.param("name"), draining });
      const { workers } = await ask(context, request, "worker_list");
      return c.json({ workers });
    });
  }
  app.get("/status", needs("read"), async (c) => {
    const { type: _type, ...status } = await ask(context, { type: "status" }, "status_info");
    return c.json(status);
  });
  return app;
}

async function catalogOf({ catalog }: HttpContext): ReturnType<HttpContext["catalog"]> {
  try {
    return await catalog();
  } catch (error) {
    const detail = `Backend busy: ${error instanceof Error ? error.message : error}`;
    throw new HttpProblem({ status: 503, code: "unavailable", detail, retryAfterS: 5 });
  }
}

async function orProblem<T>(change: () => T | Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { code, message } = error;
    throw new HttpProblem(
      code === "in_use"
        ? { status: 409, code: "conflict", detail: message }
        : { status: 422, code: "invalid_parameter", detail: `Invalid parameter: ${message}` },
    );
  }
}

/** A message holds so many, and an answer here all. */
export async function allModels(
  context: HttpContext,
  types: { all_types?: boolean },
): Promise<ModelInfo[]> {
  const models: ModelInfo[] = [];
  let next: { cursor?: string } | undefined = {};
  while (next !== undefined) {
    const page: ModelList = await ask(
      context,
      { type: "list_models", ...types, ...next },
      "model_list",
    );
    models.push(...page.models);
    next = page.cursor === undefined ? undefined : { cursor: page.cursor };
  }
  return models;
}

/** `/healthz` and `/readyz`, which need no token: they tell no more than a port that is open. */
export function healthRoutes(context: HttpContext): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    const reasons = await whyNotReady(context);
    return c.json({ ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503);
  });
  return app;
}

/** One server that works is enough. */
async function whyNotReady(context: HttpContext): Promise<string[]> {
  if (context.isStopping()) return ["The worker is stopping"];
  const { servers } = await ask(context, { type: "list_servers" }, "server_list");
  const ready = servers.filter(({ state }) => state === "ready");
  if (ready.length > 0) {
    return ready.every(({ draining }) => draining) ? ["All ComfyUI servers are drained"] : [];
  }
  // Whoever asks without a token is told no names and no addresses.
  const count = (state: string) => servers.filter((server) => server.state === state).length;
  return [
    `No ComfyUI server is ready: ${count("connecting")} connecting, ${count("unreachable")} ` +
    "unreachable; GET /v1/servers says why",
  ];
}
