import assert from "node:assert/strict";
import { generateRequest } from "../support/requests.ts";
import { jobSetup } from "./job_setup.ts";

Deno.test("runJob() says so when it waits behind a prompt that runs suspiciously long", async () => {
  await using setup = await jobSetup({}, { stallTimeoutMs: 500 });
  using stall = setup.simulator.faults.stall("KSampler");
  const { graph } = setup.context.catalog.choose(generateRequest());
  const body = JSON.stringify({ prompt: graph, prompt_id: crypto.randomUUID() });
  const posted = await fetch(`${setup.simulator.url}/prompt`, { method: "POST", body });
  assert.equal(posted.status, 200, await posted.text());
  await stall.reached;
  const warned = Promise.withResolvers<string>();
  const log = (level: string, line: string) => {
    if (level === "warn" && line.includes("prompt")) warned.resolve(line);
  };
  const running = setup.run({}, undefined, undefined, { ...setup.context, log });
  assert.match(await warned.promise, /behind prompt .* running for more than .* restart it/);
  stall.release();
  assert.equal((await running).outcome.type, "completed");
});
