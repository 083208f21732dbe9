import { equal, ok } from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { checkPng, encodeIndexedPng, encodePng } from "../../src/images/mod.ts";
import { packData } from "../../src/images/chunks.ts";
import { inTurns } from "../../src/images/turns.ts";
import { plain } from "./support.ts";

const WIDTH = 1_200;
const HEIGHT = 1_200;

/** How many turns the event loop has while some work is done. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isOver = true;
  return turns;
}

Deno.test("what packs and unpacks large images gives up its turn again and again", async () => {
  const image = plain(WIDTH, HEIGHT, [1, 2, 3, 255]);
  const png = await encodePng(image);
  const indices = new Uint8Array(WIDTH * HEIGHT);
  const palette = new Uint8Array(8);
  const works: Record<string, () => Promise<unknown>> = {
    encodePng: () => encodePng(image),
    encodeIndexedPng: () => encodeIndexedPng({ width: WIDTH, height: HEIGHT, indices, palette }),
    checkPng: () => checkPng(png, new AbortController().signal),
  };
  for (const [name, work] of Object.entries(works)) {
    // Of 1.4 MB at least.
    const turns = await turnsOf(work);
    ok(turns >= 20, `${name}: ${turns}`);
  }
});

Deno.test("what is packed in many turns is as small as in one go", async () => {
  // Cells of eight pixels, as in a sheet of sprites.
  const lines = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => {
    const [x, y] = [at % WIDTH >> 3, Math.floor(at / WIDTH) >> 3];
    return (x * y) % 7;
  });
  equal((await packData(lines)).length, deflateSync(lines).length);
});

Deno.test("inTurns() hands on all pieces in their order", async () => {
  const pieces: number[] = [];
  equal(
    await turnsOf(async () => {
      for await (const piece of inTurns([1, 2, 3])) pieces.push(piece);
    }),
    2,
  );
  equal(pieces.join(), "1,2,3");
});
