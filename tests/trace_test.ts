import assert from "node:assert/strict";
import { connect } from "../src/client/mod.ts";
import { isTracing, startSpan } from "../src/trace.ts";
import { startCollector } from "./support/collector.ts";
import { startTask } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";
import { IMAGE } from "./support/worker.ts";

Deno.test("startSpan() makes nothing where Deno was not told to trace", () => {
  assert.equal(isTracing, false);
  assert.equal(startSpan("one"), startSpan("two", { jobId: "job-1" }));
});

Deno.test("a worker tells OpenTelemetry where the time of a job goes", async () => {
  await using dir = await tempDir();
  await using collector = startCollector();
  await using worker = startTask("worker", [
    ...["--req-addr", "tcp://127.0.0.1:0", "--pub-addr", "tcp://127.0.0.1:0"],
    ...["--db", `${dir.path}/queue.db`, "--output-dir", `${dir.path}/output`, "--simulate"],
  ], { cwd: dir.path, env: { ...collector.env } });
  const ready = await worker.logged("Worker ready");
  await using client = await connect({
    reqAddress: String(ready?.["requests"]),
    pubAddress: String(ready?.["updates"]),
  });
  const job = client.generate({ ...IMAGE, id: "job-1" });
  await job.result;
  const named = (name: string) => collector.find((span) => span.name === name);
  const steps = ["decode a request", "check a request", "store the job", "settle a job"];
  for (const name of [...steps, "hop from the isolate"]) await named(name);
  const [hop, saving] = [await named("hop to the isolate"), await named("save the images")];
  assert.equal(hop.attributes["job.id"], "job-1");
  assert.equal(saving.traceId, hop.traceId);
  await collector.find(({ attributes }) => attributes["url.full"]?.endsWith("/prompt") ?? false);
});
