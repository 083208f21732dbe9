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
