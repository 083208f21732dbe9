import assert from "node:assert/strict";
import { JobStory } from "../../../src/client/job/story.ts";
import type { Update } from "../../../src/protocol/mod.ts";
import { complete, describe, progress } from "../fake_worker.ts";

const STARTED: Update = { type: "job_started", job_id: "j", timestamp: 5 };
const FINISHED: Update = { type: "job_finished", job_id: "j", success: true, duration_s: 2 };
const COMPLETED = describe("j", {
  state: "completed",
  started_at: 5.5,
  image_path: "/a.png",
  image_paths: ["/a.png", "/b.png"],
  duration_s: 2,
  seed: 7,
});

Deno.test("JobStory makes up a whole story from an ending", () => {
  const updates = new JobStory().learn(COMPLETED, 1);
  assert.deepEqual(updates, [STARTED, FINISHED, complete("j")]);
  const failed = describe("j", { state: "failed", error: "Out of memory", duration_s: 1 });
  assert.deepEqual(new JobStory().learn(failed, 1), [
    { type: "job_finished", job_id: "j", success: false, duration_s: 1 },
    { type: "job_error", job_id: "j", error: "Out of memory" },
  ]);
  const cancelled = describe("j", { state: "cancelled" });
  assert.deepEqual(new JobStory().learn(cancelled, 1), [
    { type: "job_finished", job_id: "j", success: false, duration_s: 0 },
  ]);
});

Deno.test("JobStory makes up only what it has not told", () => {
  const story = new JobStory();
  story.take(STARTED);
  assert.deepEqual(story.take(FINISHED), [FINISHED]);
  assert.deepEqual(story.learn(COMPLETED, 1), [complete("j")]);
  assert.deepEqual(story.learn(COMPLETED, 1), []);
  assert.deepEqual(story.take(complete("j")), []);
});

Deno.test("JobStory tells no start after other updates, and nothing twice", () => {
  const story = new JobStory();
  assert.equal(story.take(progress("j", 10)).length, 1);
  assert.deepEqual(story.take(STARTED), []);
  assert.equal(story.take(FINISHED).length, 1);
  assert.deepEqual(story.take(FINISHED), []);
  assert.deepEqual(story.take(progress("j", 20)), []);
});

Deno.test("JobStory lets percent fall only with another life of the worker", () => {
  const story = new JobStory();
  const shown = (percent: number, epoch: number) =>
    story.take({ ...progress("j", percent), epoch }).length === 1;
  assert.ok(shown(40, 1));
  assert.ok(!shown(30, 1));
  assert.ok(shown(40, 1));
  assert.ok(shown(10, 2));
  const running = (percent: number) =>
    describe("j", { state: "running", progress: progress("j", percent) });
  assert.deepEqual(story.learn(running(5), 2), []);
  assert.equal(story.learn(running(60), 2).length, 1);
  assert.ok(!shown(50, 2));
});

Deno.test("JobStory puts the end that was lost before the result", () => {
  assert.deepEqual(new JobStory().take(complete("j")), [FINISHED, complete("j")]);
});
