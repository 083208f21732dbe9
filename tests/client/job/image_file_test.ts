import assert from "node:assert/strict";
import { wholeImage } from "../../../src/client/job/image_file.ts";
import type { ImageData } from "../../../src/protocol/mod.ts";

function piece(offset: number, data: number[], size_bytes = 5): ImageData {
  return {
    type: "image_data",
    job_id: "a",
    index: 0,
    offset,
    size_bytes,
    content_type: "image/png",
    data: Uint8Array.from(data),
  };
}

Deno.test("pieces of any length become the image", async () => {
  const pieces = new Map([[0, piece(0, [1, 2])], [2, piece(2, [3])], [3, piece(3, [4, 5])]]);
  const image = await wholeImage((offset) => Promise.resolve(pieces.get(offset)!));
  assert.deepEqual(image, { data: Uint8Array.of(1, 2, 3, 4, 5), contentType: "image/png" });
});

for (
  const [what, second] of Object.entries({
    "another size": piece(2, [3, 4, 5], 6),
    "another place": piece(3, [4, 5]),
    "nothing": piece(2, []),
    "more than there is": piece(2, [3, 4, 5, 6]),
  })
) {
  Deno.test(`a second piece with ${what} ends it, and never in a loop`, async () => {
    const pieces = [piece(0, [1, 2]), second];
    await assert.rejects(wholeImage(() => Promise.resolve(pieces.shift()!)), { code: "lost" });
  });
}

Deno.test("a size that no image has takes no memory", async () => {
  const huge = piece(0, [1], Number.MAX_SAFE_INTEGER);
  await assert.rejects(wholeImage(() => Promise.resolve(huge)), { code: "too_large" });
});
