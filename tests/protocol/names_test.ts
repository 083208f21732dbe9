import assert from "node:assert/strict";
import { matchModelName, nearestNames } from "../../src/protocol/mod.ts";

const NAMES = ["a.safetensors", "sub/B.ckpt", "sub\\c.pt", "A.ckpt"];

Deno.test("matchModelName() takes the exact name before any that differs in spelling", () => {
  assert.deepEqual(matchModelName("a.safetensors", NAMES), { type: "found", name: NAMES[0] });
  assert.deepEqual(matchModelName("A.ckpt", NAMES), { type: "found", name: "A.ckpt" });
  assert.deepEqual(matchModelName("a.CKPT", NAMES), { type: "found", name: "A.ckpt" });
});

Deno.test("matchModelName() looks past case, separators and a missing extension", () => {
  assert.deepEqual(matchModelName("SUB\\b.ckpt", NAMES), { type: "found", name: "sub/B.ckpt" });
  assert.deepEqual(matchModelName("Sub/C", NAMES), { type: "found", name: "sub\\c.pt" });
  assert.deepEqual(matchModelName("a", NAMES), {
    type: "several",
    names: ["a.safetensors", "A.ckpt"],
  });
});

Deno.test("matchModelName() does not take another file for the one that is meant", () => {
  for (const name of ["", "b", "c.safetensors", "sub", "a.safetensors.ckpt", "sub/b.pt"]) {
    assert.deepEqual(matchModelName(name, NAMES), { type: "none" }, name);
  }
});

Deno.test("nearestNames() gives the likeliest first, then what it is a part of, and nothing far off", () => {
  const samplers = ["euler", "euler_ancestral", "heun", "dpmpp_2m"];
  assert.deepEqual(nearestNames("eulr", samplers), ["euler"]);
  assert.deepEqual(nearestNames("euler_ancestrl", samplers), ["euler_ancestral"]);
  assert.deepEqual(nearestNames("xyzzyx", samplers), []);
  assert.deepEqual(nearestNames("ab", ["ac", "ab1", "ab"], 2), ["ab", "ac"]);
  const models = ["SDXL\\Turbo.ckpt", "sd_xl_base_1.0.safetensors", "sdxl_vase.pt"];
  assert.deepEqual(nearestNames("turbo", models), [models[0]]);
  assert.deepEqual(nearestNames("sdxl_base", models), [models[2], models[1]]);
  assert.deepEqual(nearestNames("sd", models), []);
  assert.deepEqual(nearestNames("x".repeat(512), ["y".repeat(512)]), []);
});
