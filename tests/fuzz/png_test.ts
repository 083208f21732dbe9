import assert from "node:assert/strict";
import { ImageError } from "../../src/errors.ts";
import { decodePng } from "../../src/images/mod.ts";
import { Random } from "../simulation/world/random.ts";
import { mutateBytes } from "./mutate.ts";
import { drawPng, mendChecksums } from "./valid_png.ts";

/** `FUZZ_TIMES=50` tries fifty times as much. */
const TIMES = Number(Deno.env.get("FUZZ_TIMES") ?? 1);

Deno.test("Any valid PNG, of every kind, decodes to its pixels", () => {
  const random = new Random(2026);
  const kinds = new Set<string>();
  for (let run = 0; run < 1_500 * TIMES; run++) {
    const { bytes, rgba, width, height, kind } = drawPng(random);
    const image = decodePng(bytes);
    assert.deepEqual([image.width, image.height], [width, height], kind);
    assert.deepEqual(image.data, rgba, `run ${run}, ${kind}`);
    kinds.add(kind);
  }
  // 15 depths of 5 types, plain or interlaced; 11 of them with a transparent colour or not.
  assert.equal(kinds.size, 52);
});

Deno.test("A damaged PNG is refused or read, and nothing else", () => {
  const random = new Random(2027);
  let refused = 0;
  for (let run = 0; run < 4_000 * TIMES; run++) {
    const damaged = mutateBytes(random, drawPng(random).bytes);
    const bytes = run % 4 === 0 ? damaged : mendChecksums(damaged);
    try {
      decodePng(bytes);
    } catch (error) {
      assert.ok(error instanceof ImageError, `run ${run}: ${(error as Error).stack}`);
      refused += 1;
    }
  }
  assert.ok(refused > 1_000 * TIMES, `only ${refused} were refused`);
});
