import { deepEqual, equal, ok } from "node:assert/strict";
import { anyGraph, collect, FakeComfy, saved, settle } from "../fake_comfy.ts";

/** Serves the list of jobs as ComfyUI 0.10 and later do. */
function withJobs(comfy: FakeComfy): void {
  comfy.on("GET /api/jobs", ({ query }) => {
    const wanted = query.get("status")?.split(",") ?? [];
    const jobs = [
      ...(comfy.running === undefined ? [] : [{ id: comfy.running, status: "in_progress" }]),
      ...comfy.pending.map((id, priority) => ({ id, priority, status: "pending" })),
    ];
    return Response.json({ jobs: jobs.filter(({ status }) => wanted.includes(status)) });
  });
}

Deno.test("ComfyClient looks many prompts up in the list of jobs, without the whole queue", async () => {
  const comfy = new FakeComfy();
  withJobs(comfy);
  await using client = comfy.client();
  const runs = Array.from({ length: 5 }, () => collect(client.run(anyGraph)));
  await settle();
  comfy.start();
  await comfy.clock.advance(3_000);
  equal(comfy.count("GET /queue"), 0);
  deepEqual(runs.map((run) => run.types().includes("started")), [true, false, false, false, false]);
  comfy.finish(undefined, saved("a.png"));
  for (let more = 0; more < 4; more++) {
    comfy.start();
    comfy.finish(undefined, saved("a.png"));
  }
  await comfy.clock.advance(1_500);
  for (const run of runs) equal(await run.ended, undefined);
});

Deno.test("ComfyClient takes the queue where the list of jobs is of no use", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.on("GET /api/jobs", ({ query }) => {
    return query.has("status") ? Response.json({ error: "bad" }) : Response.json({ jobs: [] });
  });
  const runs = Array.from({ length: 3 }, () => collect(client.run(anyGraph)));
  await settle();
  await comfy.clock.advance(1_500);
  ok(comfy.count("GET /queue") > 0);
  ok(runs.every((run) => run.types().join() === "queued"));
});
