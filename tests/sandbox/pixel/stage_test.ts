import assert from "node:assert/strict";
import {
  type Atlas,
  decodePng,
  encodePng,
  type Raster,
  resizeNearest,
} from "../../../src/images/mod.ts";
import type { PixelOptions } from "../../../src/protocol/mod.ts";
import { openPixelStage } from "../../../src/sandbox/pixel/stage.ts";
import { arrangeResults } from "../../../src/sandbox/results.ts";
import { savedFiles } from "../../../src/sandbox/saved.ts";
import type { ResultShape } from "../../../src/sandbox/shape.ts";
import { openStaging } from "../../../src/sandbox/staging.ts";
import type { FramePlan } from "../../../src/workflow/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";

const COLOURS = [[20, 20, 40], [200, 60, 50], [80, 180, 90], [240, 230, 200]];

/** True pixel art: squares of four colours, laid out by chance that repeats itself. */
function art(width: number, height: number, salt = 1): Raster {
  const data = new Uint8Array(width * height * 4);
  let state = salt;
  for (let at = 0; at < data.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data.set([...COLOURS[state >>> 30]!, 255], at);
  }
  return { width, height, channels: 4, data };
}

/** Pixel art as a model gives it: each cell eight pixels wide. */
function enlarged(image: Raster, factor = 8): Raster {
  return resizeNearest(image, image.width * factor, image.height * factor);
}

interface Arranged {
  readonly names: string[];
  readonly found: ReturnType<typeof savedFiles>["pixel"];
  readonly image: (name: string) => ReturnType<typeof decodePng>;
  readonly bytes: (name: string) => Uint8Array;
}

/** Runs images of a job through the stage to files. */
async function arranged(
  images: readonly Raster[],
  options: PixelOptions,
  shape: Partial<ResultShape> = {},
  frames?: FramePlan,
): Promise<Arranged> {
  await using dir = await tempDir();
  await using staging = await openStaging(dir.path, "job");
  const staged = [];
  for (const image of images) {
    staged.push({
      temp: await staging.write(await encodePng(image, { prompt: "{}" })),
      extension: ".png",
    });
  }
  const sets = await arrangeResults({ size: [64, 64], ...shape }, staged, {
    staging,
    parameters: "{}",
    frames,
    pixel: await openPixelStage(options, undefined),
    signal: new AbortController().signal,
    stemOf: (index) => Promise.resolve(`job_${index}`),
  });
  const published = await staging.publish(sets);
  const files = new Map<string, Uint8Array>();
  for (const path of published.flat()) {
    files.set(path.slice(dir.path.length + 1), await Deno.readFile(path));
  }
  const { imagePaths, pixel } = savedFiles(sets, published);
  const bytes = (name: string) => files.get(name) ?? new Uint8Array();
  return {
    names: imagePaths.map((path) => path.slice(dir.path.length + 1)),
    found: pixel,
    image: (name) => decodePng(bytes(name)),
    bytes,
  };
}

/** Whether a PNG keeps the numbers of colours: colour type 3 (section 11.2.1). */
function isIndexed(bytes: Uint8Array): boolean {
  return bytes[25] === 3;
}

Deno.test("an image becomes its cells, indexed, with what was found in its text", async () => {
  const truth = art(24, 16);
  const result = await arranged([enlarged(truth)], { scale: [2, 4, 2] });
  assert.deepEqual(result.names, ["job_0.png", "job_0@2x.png", "job_0@4x.png"]);
  assert.ok(result.names.every((name) => isIndexed(result.bytes(name))));
  const { width, height, data, text } = result.image("job_0.png");
  assert.deepEqual([width, height, data], [24, 16, truth.data]);
  assert.equal(result.image("job_0@4x.png").width, 96);
  const [found] = result.found!;
  assert.deepEqual([found!.image, found!.original, found!.sure], [0, undefined, true]);
  assert.deepEqual([found!.cells, found!.cell_size, found!.colors], [[24, 16], [8, 8], 4]);
  assert.deepEqual([text["prompt"], text["parameters"]], ["{}", "{}"]);
  const { image: _image, ...told } = found!;
  assert.deepEqual(JSON.parse(text["pixel"]!), told);
});

Deno.test("images go before enlargements and originals, and what was found has their places", async () => {
  const images = [enlarged(art(24, 16)), enlarged(art(24, 16, 7))];
  const result = await arranged(images, { scale: [2], keep_original: true });
  assert.deepEqual(result.names, [
    "job_0.png",
    "job_1.png",
    "job_0@2x.png",
    "job_0_original.png",
    "job_1@2x.png",
    "job_1_original.png",
  ]);
  assert.deepEqual(result.found!.map(({ image, original }) => [image, original]), [[0, 3], [1, 5]]);
  assert.deepEqual(result.image("job_1_original.png").data, images[1]!.data);
});

Deno.test("an asked size is kept exactly, and the original beside a grid that is none", async () => {
  const ramps = art(96, 96);
  for (let at = 0; at < 96 * 96; at++) {
    const [x, y] = [at % 96, Math.floor(at / 96)];
    ramps.data.set([2 * x, 2 * y, x + y], at * 4);
  }
  const result = await arranged([ramps], { size: [40, 30] });
  const { width, height } = result.image("job_0.png");
  assert.deepEqual([width, height], [40, 30]);
  const [found] = result.found!;
  assert.deepEqual(found!.size, [40, 30]);
  assert.deepEqual([found!.sure, result.names], [false, ["job_0.png", "job_0_original.png"]]);
});

Deno.test("one pixel, and a size larger than the image, are images as others", async () => {
  const one = await arranged([art(1, 1)], {});
  assert.deepEqual([one.image("job_0.png").width, one.found![0]!.size], [1, [1, 1]]);
  const larger = await arranged([art(3, 2)], { size: [10, 20] });
  assert.deepEqual(larger.found![0]!.size, [10, 20]);
});

Deno.test("an enlargement that no image can be is left out with a warning", async () => {
  const result = await arranged([art(1000, 2)], { size: [1000, 2], scale: [2, 64] });
  assert.ok(result.names.includes("job_0@2x.png"));
  assert.ok(!result.names.includes("job_0@64x.png"));
  assert.ok(result.found![0]!.warnings.includes("scale_64_too_large"));
  const { text } = result.image("job_0.png");
  assert.deepEqual(JSON.parse(text["pixel"]!).warnings, result.found![0]!.warnings);
});

Deno.test("frames have one size and palette, and sheet and atlas are made of them", async () => {
  const frames = [1, 2, 3, 4].map((salt) => enlarged(art(16, 16, salt)));
  const result = await arranged(frames, { keep_original: true }, { animation_frames: 4, fps: 5 });
  assert.deepEqual(result.names.slice(0, 5), [
    "job_0_sheet.png",
    "job_0_0000.png",
    "job_0_0001.png",
    "job_0_0002.png",
    "job_0_0003.png",
  ]);
  assert.equal(result.names.at(-1), "job_0_0003_original.png");
  const sheet = result.image("job_0_sheet.png");
  assert.deepEqual([sheet.width, sheet.height], [64, 16]);
  assert.deepEqual(result.image("job_0_0002.png").data, art(16, 16, 3).data);
  const atlas: Atlas = JSON.parse(new TextDecoder().decode(result.bytes("job_0_sheet.json")));
  assert.deepEqual(atlas.frames["3"]?.frame, { x: 48, y: 0, w: 16, h: 16 });
  assert.deepEqual([result.found!.length, result.found![0]!.image], [1, 0]);
});

Deno.test("an atlas says where the figure of all frames stands", async () => {
  const frames = [1, 2].map((salt, index) => {
    const frame = art(16, 16, salt);
    // The first reaches down to row 11, the second to row 13; columns 4 to 9 hold both.
    for (let cell = 0; cell < 256; cell++) {
      const [x, y] = [cell % 16, cell >> 4];
      if (x < 4 || x > 9 || y > 11 + 2 * index) frame.data.fill(0, cell * 4, cell * 4 + 4);
    }
    return enlarged(frame);
  });
  const result = await arranged(frames, {}, { animation_frames: 2 });
  const atlas: Atlas = JSON.parse(new TextDecoder().decode(result.bytes("job_0_sheet.json")));
  const [slice] = atlas.meta.slices;
  assert.deepEqual(slice?.keys, [
    { frame: 0, bounds: { x: 0, y: 0, w: 16, h: 16 }, pivot: { x: 7, y: 13 } },
  ]);
});

Deno.test("poses of one image are cut at its own size before their grid is looked for", async () => {
  const plan: FramePlan = { type: "sheet", sheet: { columns: 2, rows: 2, width: 32, height: 32 } };
  const sheet = enlarged(art(32, 32));
  const result = await arranged([sheet], { size: [16, 16] }, { animation_frames: 3 }, plan);
  assert.deepEqual([result.image("job_0_0000.png").width, result.names.length], [16, 4]);
});

Deno.test("frames of several sizes are refused as without pixel art", async () => {
  const frames = [enlarged(art(16, 16)), enlarged(art(16, 8))];
  await assert.rejects(arranged(frames, {}, { animation_frames: 2 }), {
    code: "output",
    message: /frames of different sizes: 128x128 and 128x64/,
  });
});

Deno.test("a tile set is cut into tiles of whole cells, each with its seams", async () => {
  const result = await arranged([enlarged(art(32, 32))], {}, { tileset_grid: [2, 2] });
  assert.deepEqual(result.names.slice(0, 3), [
    "job_0_sheet.png",
    "job_0_0000.png",
    "job_0_0001.png",
  ]);
  assert.deepEqual([result.image("job_0_0003.png").width, result.found!.length], [16, 1]);
  const [found] = result.found!;
  assert.equal(found!.seams!.length, 4);
  assert.equal(typeof found!.tileable, "boolean");
  const { text } = result.image("job_0_0003.png");
  const { size, seams } = JSON.parse(text["pixel"]!);
  assert.deepEqual([size, seams], [[16, 16], [found!.seams![3]]]);
});

Deno.test("tiles are extruded in their sheet, and the files beside it say where they are", async () => {
  const truth = art(32, 16);
  const options: PixelOptions = { extrude: 2, scale: [2] };
  const result = await arranged([enlarged(truth)], options, { tileset_grid: [2, 1] });
  const sheet = result.image("job_0_sheet.png");
  assert.deepEqual([sheet.width, sheet.height, result.found![0]!.size], [40, 20, [40, 20]]);
  assert.deepEqual(result.found![0]!.cells, [32, 16]);
  assert.equal(result.image("job_0_sheet@2x.png").width, 80);
  const pixel = ({ data, width }: { data: Uint8Array; width: number }, x: number, y: number) => [
    ...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
  ];
  for (const [tile, left] of [[0, 0], [1, 20]] as const) {
    const own = result.image(`job_0_000${tile}.png`);
    assert.deepEqual([own.width, own.height], [16, 16]);
    for (let y = 0; y < 20; y++) {
      for (let x = 0; x < 20; x++) {
        const [u, v] = [x, y].map((at) => Math.max(0, Math.min(15, at - 2))) as [number, number];
        assert.deepEqual(pixel(sheet, left + x, y), pixel(own, u, v));
      }
    }
  }
  const file = (ending: string) => new TextDecoder().decode(result.bytes(`job_0_sheet.${ending}`));
  const atlas: Atlas = JSON.parse(file("json"));
  assert.deepEqual(atlas.frames["1"]?.frame, { x: 22, y: 2, w: 16, h: 16 });
  const { margin, spacing, columns } = JSON.parse(file("tsj"));
  assert.deepEqual([margin, spacing, columns], [2, 4, 2]);
  assert.match(file("tres"), /margins = Vector2i\(2, 2\)\nseparation = Vector2i\(4, 4\)/);
});

Deno.test("extrude without tiles changes nothing, and what makes no image is left out with a warning", async () => {
  const single = await arranged([enlarged(art(8, 8))], { extrude: 2 });
  assert.equal(single.image("job_0.png").width, 8);
  const shape = { tileset_grid: [1, 64] as [number, number] };
  const tall = await arranged([art(1, 64 * 400)], { extrude: 64 }, shape);
  assert.ok(tall.found![0]!.warnings.includes("extrude_64_too_large"));
  assert.equal(tall.image("job_0_sheet.png").height, 64 * 400);
});

Deno.test("a tile set whose cells do not divide is brought to the nearest that do", async () => {
  const result = await arranged([enlarged(art(31, 33))], {}, { tileset_grid: [4, 4] });
  assert.deepEqual(result.found![0]!.size, [32, 32]);
  assert.ok(result.found![0]!.warnings.includes("resized"));
});

Deno.test("a palette that is asked for has every colour of the result", async () => {
  const result = await arranged([enlarged(art(24, 24))], { palette: "game-boy" });
  const { data } = result.image("job_0.png");
  const greens = new Set(["15,56,15", "48,98,48", "139,172,15", "155,188,15"]);
  for (let at = 0; at < data.length; at += 4) {
    assert.ok(greens.has([...data.subarray(at, at + 3)].join()));
  }
});
