import assert from "node:assert/strict";
import { ConfigError } from "../../src/errors.ts";
import { startIsolatedSimulator } from "../../src/simulator/mod.ts";

Deno.test("startIsolatedSimulator() serves from an isolate, and stops with it", async () => {
  const simulator = await startIsolatedSimulator({ profile: "0.10" });
  const answer = await fetch(`${simulator.url}/system_stats`);
  assert.equal((await answer.json()).system.comfyui_version, "0.10.0");
  await simulator[Symbol.asyncDispose]();
  await assert.rejects(fetch(`${simulator.url}/system_stats`));
});

Deno.test("startIsolatedSimulator() refuses what the simulator refuses", async () => {
  await assert.rejects(startIsolatedSimulator({ stepTimeMs: -1 }), ConfigError);
});
