import assert from "node:assert/strict";
import { Random } from "../simulation/world/random.ts";
import { drawPng } from "./valid_png.ts";

Deno.test("PNG of every kind are drawn", () => {
  const random = new Random(2026);
  const kinds = new Set(Array.from({ length: 1_500 }, () => drawPng(random).kind));
  // 15 depths of 5 types, plain or interlaced; 11 of them with a transparent colour or not.
  assert.equal(kinds.size, 52);
});
