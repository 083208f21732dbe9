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

/** What the wire is told of an animation. */
function animation(values: Record<string, unknown>) {
  const read = Object.entries(values).map(([name, value]) => {
    return [name, GENERATE_FIELDS[name]?.read(value)];
  });
  const { animation_frames, cycle, frame_prompts, fps, sheet_columns } = buildRequest(
    { prompt: "a knight", model: "m", ...Object.fromEntries(read) },
    "j1",
  );
  return JSON.parse(
    JSON.stringify({ animation_frames, cycle, frame_prompts, fps, sheet_columns }),
  );
}

Deno.test("Prompts of frames say how many frames there are, unless that is said", () => {
  const two = { frame_prompts: ["arms up", "arms down"] };
  assert.deepEqual(animation({ frame_prompts: "arms up | arms down" }), {
    animation_frames: 2,
    ...two,
  });
  assert.deepEqual(animation({ frame_prompts: ["arms up", "arms down"], animation_frames: 3 }), {
    animation_frames: 3,
    ...two,
  });
  for (const wrong of ["a||b", "", ["a", ""], [{}]]) {
    assert.equal(GENERATE_FIELDS["frame_prompts"]?.read(wrong), undefined);
  }
});

Deno.test("--cycle names one that there is, --fps may have a fraction, --columns is whole", () => {
  assert.deepEqual(
    animation({ animation_frames: "8", cycle: "walk", fps: "12.5", sheet_columns: "4" }),
    { animation_frames: 8, cycle: "walk", fps: 12.5, sheet_columns: 4 },
  );
  assert.throws(() => animation({ animation_frames: 8, cycle: "dance" }), {
    code: "usage",
    message: /cycle: expected one of idle, walk, run, .*, got "dance"/,
  });
  assert.equal(GENERATE_FIELDS["sheet_columns"]?.read("1.5"), undefined);
});
