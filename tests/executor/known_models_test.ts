import assert from "node:assert/strict";
import { createKnownModels } from "../../src/executor/known_models.ts";
import type { ModelInfo } from "../../src/protocol/mod.ts";
import { generateRequest } from "../support/requests.ts";

Deno.test("KnownModels.has() looks past the spelling, as the server's own check does", async () => {
  const known = Promise.withResolvers<void>();
  const model = (model_type: ModelInfo["model_type"], name: string): ModelInfo => {
    return { name, path: name, model_type, size_mb: 1 };
  };
  const models = createKnownModels({
    ask: () =>
      Promise.resolve([model("checkpoint", "SDXL\\Turbo.safetensors"), model("lora", "a.pt")]),
    onChange: known.resolve,
  });
  assert.ok(models.has(generateRequest({ model: "anything, while nothing is known" })));
  models.refresh();
  await known.promise;
  assert.ok(models.has(generateRequest({ model: "sdxl/turbo", lora: "A" })));
  assert.ok(!models.has(generateRequest({ model: "turbo" })));
  assert.ok(!models.has(generateRequest({ model: "sdxl/turbo", lora: "b" })));
});

Deno.test("KnownModels asks again for what it does not know, now and then, and bears with a refusal", async () => {
  let now = 0;
  let asked = 0;
  const models = createKnownModels({
    ask: () => {
      asked += 1;
      return asked === 2
        ? Promise.reject(new Error("It is away"))
        : Promise.resolve([{ name: "a", path: "a", model_type: "checkpoint", size_mb: 1 }]);
    },
    onChange: () => {},
    now: () => now,
  });
  models.refresh();
  await Promise.resolve();
  assert.deepEqual([...models.keys ?? []], ["checkpoint/a"]);
  assert.ok(!models.has(generateRequest({ model: "b" })));
  assert.equal(asked, 1);
  now = 3_600_000;
  assert.ok(!models.has(generateRequest({ model: "b" })));
  assert.equal(asked, 2);
  await Promise.resolve();
  assert.ok(models.has(generateRequest({ model: "a" })));
});
