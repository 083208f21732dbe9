import assert from "node:assert/strict";
import { watchFreeSpace } from "../../src/worker/free_space.ts";
import { generateRequest } from "../support/requests.ts";
import { handlers } from "./requests/setup.ts";

Deno.test("below the limit there is a reason, above it or without one there is none", async () => {
  const problemAt = async (free: number | undefined, minBytes = 500e6) => {
    using watch = await watchFreeSpace({ look: () => Promise.resolve(free), minBytes });
    return watch.problem;
  };
  assert.match(await problemAt(12_345_678) ?? "", /12 MB left, 500 MB must stay free \(output\./);
  assert.match(await problemAt(0) ?? "", / 0 MB left/);
  assert.equal(await problemAt(500e6), undefined);
  assert.equal(await problemAt(0, 0), undefined);
  assert.equal(await problemAt(undefined), undefined);
});

Deno.test("who may not look at the disk is told once, and refuses nothing", async () => {
  const lines: string[] = [];
  using watch = await watchFreeSpace({
    look: () => Promise.reject(new Error("Requires sys access")),
    minBytes: 1,
    logger: { log: (level, message) => void lines.push(`${level} ${message}`) },
  });
  assert.equal(await watch.look(), undefined);
  assert.equal(watch.problem, undefined);
  assert.deepEqual(lines, ["warn Cannot see how much disk space is free: Requires sys access"]);
});

Deno.test("while space is short new jobs are refused to be sent later, those of before are known", async () => {
  const options = { problem: "the disk for images has 1 MB left" };
  await using setup = handlers(undefined, options);
  await setup.queue.enqueue(generateRequest({ id: "old" }));
  const again = await setup.ask(generateRequest({ id: "old" }));
  assert.equal(again.type, "job_accepted");
  const fresh = await setup.ask(generateRequest({ id: "new" }));
  assert.deepEqual(fresh, {
    type: "job_error",
    job_id: "new",
    error: "Backend busy: the disk for images has 1 MB left",
  });
});
