import assert from "node:assert/strict";
import { CYCLES, posesFor } from "../../../src/workflow/animation/cycles.ts";

Deno.test("posesFor() leaves poses out or repeats them, in order, and begins with the first", () => {
  for (const cycle of Object.values(CYCLES)) {
    for (const frames of [1, 2, 3, 7, 8, 50, 256]) {
      const places = posesFor(cycle, frames).map((pose) => cycle.poses.indexOf(pose));
      assert.equal(places.length, frames);
      assert.equal(places[0], 0);
    }
  }
  assert.deepEqual(posesFor(CYCLES.walk, 2), ["right foot in front", "left foot in front"]);
});
