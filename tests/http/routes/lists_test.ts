import assert from "node:assert/strict";
import { httpSetup } from "../support.ts";

Deno.test("GET /v1/models tells what a request can name, and with all_types what a workflow can", async () => {
  await using setup = await httpSetup();
  const types = async (query: string) => {
    const { models } = await (await setup.ask(`/v1/models${query}`)).json();
    return new Set(models.map(({ model_type }: { model_type: string }) => model_type));
  };
  const usual = await types("");
  assert.ok(usual.has("checkpoint") && !usual.has("upscale_model"));
  const all = await types("?all_types=true");
  assert.ok(all.has("checkpoint") && all.has("upscale_model"));
});
