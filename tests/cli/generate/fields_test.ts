import assert from "node:assert/strict";
import { buildRequest, GENERATE_FIELDS } from "../../../src/cli/generate/fields.ts";

/** What the wire is told of LoRAs. */
function told(lora: string | undefined): unknown {
  const values = lora === undefined ? {} : { lora: GENERATE_FIELDS["lora"]?.read(lora) };
  const request = buildRequest({ prompt: "a knight", model: "m", ...values }, "j1");
  return { lora: request.lora, loras: request.loras };
}

Deno.test("--lora says nothing, one in the old field, several or none in the new one", () => {
  const strong = { name: "b", strength_model: 0.5, strength_clip: 0.5 };
  assert.deepEqual(told(undefined), { lora: undefined, loras: undefined });
  assert.deepEqual(told("a.safetensors"), { lora: "a.safetensors", loras: undefined });
  assert.deepEqual(told("a,b:0.5"), { lora: undefined, loras: [{ name: "a" }, strong] });
  assert.deepEqual(told("none"), { lora: undefined, loras: [] });
  assert.equal(GENERATE_FIELDS["lora"]?.read(""), undefined);
});
