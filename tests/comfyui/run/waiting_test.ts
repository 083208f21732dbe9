import assert from "node:assert/strict";
import {
  anyGraph,
  assertFailed,
  collect,
  FakeComfy,
  saved,
  settle,
  started,
} from "../fake_comfy.ts";

Deno.test("ComfyClient asks less often about a prompt that waits behind one that is heard of", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  collect(client.run(anyGraph));
  const prompt_id = await started(comfy);
  const second = collect(client.run(anyGraph));
  await settle();
  for (let value = 1; value <= 40; value++) {
    comfy.socket.event("progress", { node: "1", value, max: 40, prompt_id });
    await comfy.clock.advance(400);
  }
  const asked = comfy.count("GET /queue");
  assert(asked >= 2 && asked <= 3, `${asked} times in 16 s`);
  comfy.pending = [];
  for (let value = 1; value <= 14; value++) {
    comfy.socket.event("progress", { node: "1", value, max: 40, prompt_id });
    await comfy.clock.advance(400);
  }
  assertFailed(await second.ended, { code: "interrupted" });
});

Deno.test("ComfyClient asks about a prompt as soon as ever when the one before it is over or silent", async () => {
  for (const isOver of [true, false]) {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    const first = collect(client.run(anyGraph));
    const prompt_id = await started(comfy);
    const second = collect(client.run(anyGraph));
    await settle();
    await comfy.clock.advance(900);
    comfy.socket.event("progress", { node: "1", value: 1, max: 2, prompt_id });
    if (isOver) {
      comfy.finish(undefined, saved("a.png"));
      comfy.socket.event("executing", { node: null, prompt_id });
      await first.ended;
    }
    comfy.pending = [];
    await comfy.clock.advance(1_500);
    assertFailed(await second.ended, { code: "interrupted" });
  }
});

Deno.test("ComfyClient asks about a prompt as soon as ever when one behind it is heard of", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  const first = collect(client.run(anyGraph));
  await settle();
  collect(client.run(anyGraph));
  await settle();
  comfy.start();
  comfy.finish(undefined, saved("a.png"));
  const prompt_id = await started(comfy);
  for (let value = 1; value <= 4; value++) {
    comfy.socket.event("progress", { node: "1", value, max: 40, prompt_id });
    await comfy.clock.advance(400);
  }
  assert.equal(await first.ended, undefined);
});

Deno.test("ComfyClient looks at prompts no more often than one can have fallen silent", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  collect(client.run(anyGraph));
  const prompt_id = await started(comfy);
  const before = comfy.clock.waits.length;
  for (let value = 1; value <= 40; value++) {
    comfy.socket.event("progress", { node: "1", value, max: 40, prompt_id });
    await comfy.clock.advance(400);
  }
  // Each event lets it rest for 600 ms at least.
  const looks = comfy.clock.waits.length - before;
  assert(looks <= 27, `${looks} in 16 s`);
});
