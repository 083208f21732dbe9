import assert from "node:assert/strict";
import { decodeRequest, encodeRequest } from "../../src/protocol/mod.ts";
import { decodeStored } from "../../src/protocol/stored.ts";
import { generateRequest } from "../support/requests.ts";

const FULL = generateRequest({
  prompt: "\ufeffA knight 騎士 🗡\u0000",
  negative_prompt: "",
  seed: Number.MAX_SAFE_INTEGER,
  loras: [{ name: "pixel.safetensors", strength_model: -0.5 }],
  init_image: new Uint8Array([1, 2, 3]),
  tileset_grid: [2, 3],
  deadline_s: 0.25,
  cycle: "walk",
  frame_prompts: ["a 🗡"],
  fps: 12.5,
  sheet_columns: 4,
  pixel: {
    size: [64, 64],
    colors: "auto",
    palette: "pico-8",
    scale: [4],
    extrude: 1,
    keep_original: true,
  },
  webhook: { url: "https://hooks.example.org/a", events: ["failed"] },
});

Deno.test("decodeStored() reads what was stored as decodeRequest() does", () => {
  for (const request of [generateRequest(), FULL]) {
    const bytes = encodeRequest(request);
    assert.deepEqual(decodeStored(bytes), decodeRequest(bytes));
    assert.deepEqual(decodeStored(bytes), request);
  }
});

Deno.test("decodeStored() copies the image out of the bytes it was read from", () => {
  const bytes = encodeRequest(FULL);
  const { init_image } = decodeStored(bytes);
  bytes.fill(0);
  assert.deepEqual(init_image, new Uint8Array([1, 2, 3]));
});

Deno.test("decodeStored() refuses bytes that are no message", () => {
  for (const bytes of [new Uint8Array(), new Uint8Array([0x93, 1, 2, 3])]) {
    assert.throws(() => decodeStored(bytes), { code: "malformed" });
  }
});

Deno.test("decodeStored() refuses fields of another kind than they can have been stored as", () => {
  const wrong: readonly Record<string, unknown>[] = [
    { id: "" },
    { id: 1 },
    { type: "ping" },
    { size: [512] },
    { size: [512, "512"] },
    { size: [512, 1e308] },
    { steps: 0 },
    { steps: 1.5 },
    { cfg_scale: Infinity },
    { seed: 2 ** 60 },
    { loras: [{}] },
    { loras: "x" },
    { init_image: 1 },
    { deadline_s: "soon" },
    { cycle: "toString" },
    { frame_prompts: [1] },
    { fps: 0 },
    { sheet_columns: "4" },
    { pixel: 1 },
    { pixel: [] },
    { pixel: { size: "64x64" } },
    { pixel: { palette: 8 } },
    { pixel: { scale: [0.5] } },
    { pixel: { __proto__x: 1 } },
    { webhook: "https://hooks.example.org/a" },
    { webhook: { url: 1 } },
    { webhook: { url: "https://hooks.example.org/a", events: "failed" } },
  ];
  for (const fields of wrong) {
    const bytes = encodeRequest({ ...generateRequest(), ...fields } as typeof FULL);
    assert.throws(() => decodeStored(bytes), { code: "malformed", message: /stored request: \w+/ });
  }
});
