/** `/v1/jobs`: submit, look, cancel, run again. */

import { type Context, Hono } from "hono";
import { parseExactJson } from "../../exact_json.ts";
import type { GenerateRequest, JobInfo } from "../../protocol/mod.ts";
import { type GuardEnv, needs } from "../auth/guard.ts";
import { readJson } from "../body.ts";
import type { HttpContext } from "../options.ts";
import { HttpProblem } from "../problem.ts";
import { ask, checked } from "./ask.ts";
import { fieldsOf } from "./job_fields.ts";
import { waitForEnd } from "./wait.ts";

/** Longest wait that `Prefer: wait` gets, in seconds. */
const MAX_WAIT_S = 120;

/** The routes. */
export function jobRoutes(context: HttpContext): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  app.post("/", needs("submit"), async (c) => {
    const fields = fieldsOf(
      await readJson(c.req.raw, parseExactJson),
      c.req.header("idempotency-key"),
    );
    return await submit(c, context, checked(fields) as GenerateRequest);
  });
  app.get("/", needs("read"), async (c) => {
    const { state, limit, cursor, ids } = c.req.query();
    const request = checked({
      type: "list_jobs",
      state,
      cursor,
      limit: limit === undefined ? undefined : /^\d+$/.test(limit) ? Number(limit) : NaN,
      job_ids: c.req.queries("id") ?? (ids === "" ? [] : ids?.split(",")),
    });
    const { type: _type, ...list } = await ask(context, request, "job_list");
    return c.json(list);
  });
  app.get("/:id", needs("read"), async (c) => c.json(await jobInfo(context, c.req.param("id"))));
  app.delete("/:id", needs("submit"), async (c) => {
    const request = checked({ type: "cancel", job_id: c.req.param("id") });
    await ask(context, request, "job_cancelled");
    return c.json({ job_id: c.req.param("id"), state: "cancelled" });
  });
  app.post("/:id/rerun", needs("submit"), async (c) => {
    const stored = await context.storedRequest(c.req.param("id"));
    if (stored === undefined) throw notFound();
    const changes = c.req.header("content-type") === undefined
      ? {}
      : await readJson(c.req.raw, parseExactJson);
    // A rerun is another image of the same wish, unless it names its seed.
    const { id: _id, seed: _seed, ...wish } = stored;
    const fields = { ...wish, ...fieldsOf(changes, c.req.header("idempotency-key")) };
    return await submit(c, context, checked(fields) as GenerateRequest);
  });
  return app;
}

async function submit(
  c: Context<GuardEnv>,
  context: HttpContext,
  request: GenerateRequest,
): Promise<Response> {
  const waitS = waitOf(c.req.header("prefer"));
  // Listening begins first: a quick job must not end unheard.
  using end = waitForEnd(context.feed, request.id);
  const { type: _type, ...accepted } = await ask(context, request, "job_accepted");
  const { job_id } = accepted;
  const location = `/v1/jobs/${encodeURIComponent(job_id)}`;
  if (waitS > 0) {
    const info = await jobInfo(context, job_id);
    const isOver = isEnded(info) || await end.within(waitS * 1_000, c.req.raw.signal);
    if (isOver) {
      return c.json(await jobInfo(context, job_id), 200, {
        location,
        "preference-applied": `wait=${waitS}`,
      });
    }
  }
  return c.json(accepted, 202, { location });
}

/** Seconds of `Prefer: wait=N` (RFC 7240), 0 without. */
function waitOf(prefer: string | undefined): number {
  const [, seconds] = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/.exec(prefer ?? "") ?? [];
  return seconds === undefined ? 0 : Math.min(Number(seconds), MAX_WAIT_S);
}

/** All that is known of a job. @throws {HttpProblem} 404 */
export async function jobInfo(context: HttpContext, jobId: string): Promise<JobFacts> {
  const askFrom = (first: number) =>
    ask(context, checked({ type: "job", job_id: jobId, first_image: first }), "job_info");
  const { type: _type, image_count: count = 0, ...info } = await askFrom(0);
  // Of very many images a message holds only the first.
  const paths = [...info.image_paths ?? []];
  while (paths.length < count) {
    const { image_paths: more = [] } = await askFrom(paths.length);
    if (more.length === 0) break;
    paths.push(...more);
  }
  return paths.length === 0 ? info : { ...info, image_paths: paths };
}

/** What `GET /v1/jobs/{id}` answers. */
export type JobFacts = Omit<JobInfo, "type">;

/** Whether a job has come to its end. */
export function isEnded({ state }: Pick<JobInfo, "state">): boolean {
  return state !== "queued" && state !== "running";
}

function notFound(): HttpProblem {
  return new HttpProblem({ status: 404, code: "not_found", detail: "Job not found" });
}
