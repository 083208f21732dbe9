import assert from "node:assert/strict";
import type { JobDescription, Reply, Request } from "../../../src/protocol/mod.ts";
import { fakeWorker } from "../fake_worker.ts";

const PATHS = Array.from({ length: 7 }, (_, index) => `/out/${index}.png`);
const DONE: JobDescription = { job_id: "a", state: "completed", attempts: 1, created_at: 1 };
const IMAGE = { id: "a", prompt: "p", model: "m", steps: 1, cfg_scale: 1 };

/** Answers with three paths at a time. */
function threeAtATime(request: Request): Reply | undefined {
  if (request.type !== "job") return undefined;
  const first = request.first_image ?? 0;
  const image_paths = PATHS.slice(first, first + 3);
  return { type: "job_info", ...DONE, image_paths, image_count: PATHS.length };
}

Deno.test("Client.job() asks on until it has every image of a job", async () => {
  await using worker = await fakeWorker({ answer: threeAtATime });
  assert.deepEqual((await worker.client.job("a")).image_paths, PATHS);
  const firsts = worker.requests.flatMap((one) => one.type === "job" ? [one.first_image] : []);
  assert.deepEqual(firsts, [undefined, 3, 6]);
});

Deno.test("JobHandle.result has every image, though job_complete had no room for them", async () => {
  await using worker = await fakeWorker({ answer: threeAtATime });
  const job = worker.client.generate({ ...IMAGE, size: [64, 64] });
  await job.accepted;
  const ending = { image_path: PATHS[0]!, image_paths: PATHS.slice(0, 2), duration_s: 1 };
  worker.publish({ type: "job_finished", job_id: "a", success: true, duration_s: 1 });
  worker.publish({ type: "job_complete", job_id: "a", ...ending, image_count: PATHS.length });
  assert.deepEqual((await job.result).imagePaths, PATHS);
});

Deno.test("JobHandle.result says so if the worker tells of no more images", async () => {
  await using worker = await fakeWorker({
    answer: (request) =>
      request.type === "job" ? { type: "job_info", ...DONE, image_paths: [] } : undefined,
  });
  const job = worker.client.generate({ ...IMAGE, size: [64, 64] });
  await job.accepted;
  const ending = { image_path: PATHS[0]!, image_paths: PATHS, duration_s: 1 };
  worker.publish({ type: "job_complete", job_id: "a", ...ending, image_count: 9 });
  await assert.rejects(job.result, { code: "lost", message: /7 of 9 images/ });
});
