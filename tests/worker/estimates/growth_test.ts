import assert from "node:assert/strict";
import fc from "fast-check";
import { createGrowth, type StepAtSize } from "../../../src/worker/estimates/growth.ts";

const SIDES = [64, 256, 512, 768, 1_024];

/** Steps of a machine that takes a fixed time and one for each pixel. */
function steps(sides: readonly number[], fixedMs: number, msPerMegapixel: number): StepAtSize[] {
  return sides.map((side) => {
    const pixels = side * side;
    return { pixels, ms: fixedMs + msPerMegapixel * pixels / 1e6 };
  });
}

function growth(own: StepAtSize[], from: number, to: number, others: StepAtSize[][] = []): number {
  return createGrowth(own, others).factor(from * from, to * to).factor;
}

Deno.test("createGrowth() stays within a factor of 3, whatever the machine, if it saw one small size", () => {
  // From no growth at all, as of a simulator, to what SDXL does on a real GPU.
  for (const truth of [1, 2, 5.1, 6]) {
    const told = growth([{ pixels: 4_096, ms: 90 }], 64, 1_024);
    assert.ok(Math.max(told / truth, truth / told) < 3, `${told} for ${truth}`);
  }
});

Deno.test("createGrowth() finds the fixed part and that of the pixels from two sizes on", () => {
  const told = growth(steps([256, 512], 30, 100), 512, 384);
  const [small, large] = steps([384, 512], 30, 100);
  assert.ok(Math.abs(told - small!.ms / large!.ms) < 1e-9);
  const beyond = growth(steps([256, 512, 768], 30, 100), 768, 1_024);
  assert.ok(beyond > 1.4 && beyond < 1.78, `${beyond}`);
});

Deno.test("createGrowth() is not moved by one size at which all went wrong", () => {
  const odd = { pixels: 640 * 640, ms: 40_000 };
  const told = growth([...steps(SIDES, 30, 100), odd], 512, 768);
  const [small, large] = steps([512, 768], 30, 100);
  assert.ok(Math.abs(Math.log(told / (large!.ms / small!.ms))) < 0.2, `${told}`);
});

Deno.test("createGrowth() asks other models how they grew, but believes its own sizes more", () => {
  const flat = steps(SIDES, 50, 0);
  const steep = steps(SIDES, 0, 100);
  const one = steps([512], 30, 100);
  const asFlat = growth(one, 512, 1_024, [flat]);
  const asSteep = growth(one, 512, 1_024, [steep]);
  assert.ok(asFlat < 1.5 && asSteep > 2.5, `${asFlat}, ${asSteep}`);
  assert.ok(growth(steep, 512, 1_024, [flat]) > 3.9);
});

Deno.test("createGrowth() never shrinks with size, nor grows faster than in proportion", () => {
  const anyStep = fc.record({
    pixels: fc.integer({ min: 256, max: 268_435_456 }),
    ms: fc.double({ min: 0, max: 1e7, noNaN: true }),
  });
  const size = fc.integer({ min: 256, max: 268_435_456 });
  fc.assert(fc.property(
    fc.array(anyStep, { maxLength: 6 }),
    fc.array(fc.array(anyStep, { maxLength: 4 }), { maxLength: 3 }),
    size,
    size,
    (own, others, a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const { factor, seen } = createGrowth(own, others).factor(from, to);
      assert.ok(factor >= 1 - 1e-9 && factor <= to / from + 1e-9, `${factor} of ${to / from}`);
      assert.ok(seen >= 0 && seen <= 1);
    },
  ));
});
