import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readChunks } from "../../src/images/chunks.ts";
import { decodePng, encodePng, joinPngs } from "../../src/images/mod.ts";
import { plain } from "./support.ts";

const RED = await encodePng(plain(5, 4, [255, 0, 0, 255]), { prompt: "{}" });
const BLUE = await encodePng(plain(5, 4, [0, 0, 255, 90]), { prompt: "{}" });

Deno.test("joinPngs() makes an animation of PNG files without packing their pixels anew", () => {
  const joined = joinPngs([RED, BLUE], { durationsMs: [40, 125], plays: 1 });
  ok(joined !== undefined);
  const chunks = readChunks(joined);
  deepEqual(chunks.map(({ type }) => type), [
    "IHDR",
    "tEXt",
    "acTL",
    "fcTL",
    "IDAT",
    "fcTL",
    "fdAT",
    "IEND",
  ]);
  const pixels = (file: Uint8Array) => readChunks(file).find(({ type }) => type === "IDAT")!.data;
  deepEqual(chunks[6]!.data.subarray(4), pixels(BLUE));
  const { text, data } = decodePng(joined);
  deepEqual([text, data[0]], [{ prompt: "{}" }, 255]);
});

Deno.test("joinPngs() joins no files that differ in size or kind, and no damaged ones", async () => {
  const timing = { durationsMs: [50, 50] };
  const wide = await encodePng(plain(6, 4, [0, 0, 0, 255]));
  const { width, height } = plain(5, 4, [0, 0, 0, 0]);
  const opaque = await encodePng({ width, height, channels: 3, data: new Uint8Array(60) });
  equal(joinPngs([], timing), undefined);
  equal(joinPngs([RED, wide], timing), undefined);
  equal(joinPngs([RED, opaque], timing), undefined);
  throws(() => joinPngs([RED, BLUE.subarray(0, -20)], timing), { code: "damaged" });
});
