import { deepEqual, equal, ok } from "node:assert/strict";
import { PALETTE_NAMES, shippedPalette } from "../../../src/pixels/mod.ts";

Deno.test("every shipped palette has the number of colours that it is known for, all different", () => {
  const counts = PALETTE_NAMES.map((name) => [name, shippedPalette(name)!.colors.length / 3]);
  deepEqual(Object.fromEntries(counts), {
    "1-bit": 2,
    "game-boy": 4,
    "game-boy-pocket": 4,
    "pico-8": 16,
    "sweetie-16": 16,
    "db16": 16,
    "db32": 32,
    "endesga-32": 32,
    "c64": 16,
    "cga": 16,
    "zx-spectrum": 15,
    "nes": 55,
  });
  for (const name of PALETTE_NAMES) {
    const { colors } = shippedPalette(name)!;
    const all = Array.from(
      { length: colors.length / 3 },
      (_, n) => colors.subarray(n * 3, n * 3 + 3).join(),
    );
    equal(new Set(all).size, all.length, name);
  }
});

Deno.test("shippedPalette() knows a palette however it is spelt, and no other", () => {
  for (const name of ["pico-8", "PICO8", "Pico 8", "pico_8"]) {
    equal(shippedPalette(name)?.name, "pico-8");
  }
  for (const name of ["", "pico", "toString", "__proto__"]) ok(shippedPalette(name) === undefined);
});
