/** `Retry-After` on the routes that the client uses except to cancel, on a simulated ComfyUI. */

import assert from "node:assert/strict";
import { createAlarm } from "../../src/comfyui/alarm.ts";
import { delayBy } from "../../src/comfyui/clock.ts";
import { type ComfyClient, createComfyClient, type ImageRef } from "../../src/comfyui/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { collect } from "./fake_comfy.ts";
import { textToImage } from "./graphs.ts";

const AT_ONCE = { stepTimeMs: 0, loadTimeMs: 0, nodeTimeMs: 0 };

/** Runs a prompt and gives its image. */
async function imageOf(client: ComfyClient): Promise<ImageRef> {
  const run = collect(client.run(textToImage()));
  assert.equal(await run.ended, undefined);
  const last = run.events.at(-1);
  assert(last?.type === "completed" && last.images[0] !== undefined);
  return last.images[0];
}

/** What needs each route. */
const USES: Readonly<Record<string, (client: ComfyClient) => Promise<unknown>>> = {
  "GET /queue": (client) => client.queue(),
  "GET /history/{prompt_id}": (client) => client.history("none"),
  "GET /features": (client) => client.features(),
  "GET /system_stats": (client) => client.systemStats(),
  "GET /object_info": (client) => client.objectInfo(),
  "GET /object_info/{node_class}": (client) => client.objectInfo("KSampler", { bearsWaits: true }),
  "GET /node_replacements": (client) => client.nodeReplacements(),
  "GET /models/{folder}": (client) => client.models("checkpoints"),
  "GET /experiment/models/{folder}": (client) => client.modelDetails("checkpoints"),
  "GET /api/jobs": (client) => client.features(),
  "GET /api/jobs/{job_id}": (client) => client.state(crypto.randomUUID()),
  "POST /upload/image": (client) => client.upload(Uint8Array.of(1), "a.png"),
  "POST /free": (client) => client.free(),
  "POST /prompt": (client) => imageOf(client),
  "GET /view": async (client) => {
    await client.read(await imageOf(client), { maxBytes: 2 ** 24, attempts: 1 });
  },
};

for (const [route, use] of Object.entries(USES)) {
  for (const status of [429, 503]) {
    Deno.test(`ComfyClient leaves the server alone as long as a ${status} of ${route} asks for`, async () => {
      const waits: number[] = [];
      let skippedMs = 0;
      await using simulator = await startSimulator(AT_ONCE);
      await using client = createComfyClient({
        url: simulator.url,
        now: () => performance.now() + skippedMs,
        delay(ms, options) {
          if (ms < 60_000) return delayBy(createAlarm())(ms, options);
          waits.push(Math.ceil(ms / 1_000));
          skippedMs += ms;
          return Promise.resolve();
        },
      });
      simulator.faults.failNext(route, { status, retryAfterS: 90 });
      await use(client);
      assert.deepEqual(waits, [90]);
      assert.ok((simulator.record.requests.get(route) ?? 0) >= 2);
    });
  }
}

Deno.test("ComfyClient says that the server asks to be left alone, where the caller's time is up", async () => {
  await using simulator = await startSimulator(AT_ONCE);
  await using client = createComfyClient({ url: simulator.url });
  simulator.faults.failNext("GET /system_stats", { status: 503, retryAfterS: 60 });
  await assert.rejects(client.systemStats({ timeoutMs: 50 }), {
    code: "timeout",
    message: "GET /system_stats: ComfyUI answered 503 and asks to be left alone for 60 s more",
  });
});
