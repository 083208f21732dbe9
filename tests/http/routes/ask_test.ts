import assert from "node:assert/strict";
import { ask } from "../../../src/http/routes/ask.ts";
import type { Reply } from "../../../src/protocol/mod.ts";

Deno.test("ask() tells only text that a path or a file can hold, as over ZeroMQ", async () => {
  const error = "no \ud800 such job";
  const handle = () =>
    Promise.resolve<Reply>({ type: "job_accepted", job_id: error, estimated_time_s: 0 });
  const { job_id } = await ask({ handle }, { type: "ping" }, "job_accepted");
  assert.equal(job_id, "no \ufffd such job");
});
