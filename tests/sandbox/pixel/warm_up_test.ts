import { deepEqual, equal } from "node:assert/strict";
import { pixelize } from "../../../src/pixels/mod.ts";
import { warmUp } from "../../../src/sandbox/pixel/warm_up.ts";

Deno.test("warming up happens once, and leaves results as they are", () => {
  const data = Uint8Array.from({ length: 96 * 96 * 4 }, (_, at) => {
    const [x, y] = [(at >> 2) % 96, Math.floor(at / 384)];
    return at % 4 === 3 ? 255 : ((x >> 3) * 37 + (y >> 3) * 11 * (at % 4 + 1)) % 256;
  });
  const image = { width: 96, height: 96, data };
  const before = pixelize(image);
  deepEqual([warmUp(), warmUp()], [true, false]);
  const after = pixelize(image);
  deepEqual(after, before);
  equal(after.found.cells.join("x"), "12x12");
});
