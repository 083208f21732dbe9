import assert from "node:assert/strict";
import { type Atlas, composeSheet, decodePng, encodePng } from "../../src/images/mod.ts";
import { arrangeResults } from "../../src/sandbox/results.ts";
import type { ResultShape } from "../../src/sandbox/shape.ts";
import { openStaging } from "../../src/sandbox/staging.ts";
import type { FramePlan } from "../../src/workflow/mod.ts";
import { plain } from "../images/support.ts";
import { tempDir } from "../support/temp_dir.ts";

const COLOURS = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [9, 9, 9, 255]];

/** Images of one colour each, side by side or one by one. */
function images(count: number, width: number, height: number) {
  return Array.from({ length: count }, (_, index) => plain(width, height, COLOURS[index % 4]!));
}

/** Runs the images of a job through the making of its files. */
async function arranged(
  made: ReturnType<typeof images>,
  shape: Omit<ResultShape, "size"> & { size?: [number, number] },
  frames?: FramePlan,
) {
  await using dir = await tempDir();
  await using staging = await openStaging(dir.path, "job");
  const staged = [];
  for (const image of made) {
    const temp = await staging.write(await encodePng(image, { prompt: "{}" }));
    staged.push({ temp, extension: ".png" });
  }
  const sets = await arrangeResults({ size: [4, 4], ...shape }, staged, {
    staging,
    parameters: "{}",
    frames,
    signal: new AbortController().signal,
    stemOf: (index) => Promise.resolve(`job_${index}`),
  });
  const paths = (await staging.publish(sets)).flat();
  const files = new Map<string, Uint8Array>();
  for (const path of paths) {
    files.set(path.slice(dir.path.length + 1), await Deno.readFile(path));
  }
  const textOf = (name: string) => new TextDecoder().decode(files.get(name));
  return {
    names: [...files.keys()],
    image: (name: string) => decodePng(files.get(name) ?? new Uint8Array()),
    atlas: (name: string): Atlas => JSON.parse(textOf(name)),
    textOf,
  };
}

/** The colour in the middle of an image. */
function middle({ width, height, data }: { width: number; height: number; data: Uint8Array }) {
  const at = (Math.floor(height / 2) * width + Math.floor(width / 2)) * 4;
  return [...data.subarray(at, at + 4)];
}

const SHEET: FramePlan = {
  type: "sheet",
  sheet: { columns: 2, rows: 2, width: 16, height: 16 },
};

Deno.test("A sheet of poses is cut row by row into frames of the size asked for", async () => {
  const sheet = composeSheet(images(4, 8, 8), 2);
  const result = await arranged([sheet], { animation_frames: 3 }, SHEET);
  const frames = ["job_0_0000.png", "job_0_0001.png", "job_0_0002.png"];
  assert.deepEqual(result.names, [
    "job_0_sheet.png",
    ...frames,
    "job_0.gif",
    "job_0.apng",
    "job_0_sheet.json",
    "job_0_sheet.tres",
  ]);
  for (const [index, name] of frames.entries()) {
    const { width, height, text, ...image } = result.image(name);
    assert.deepEqual([width, height, text["prompt"]], [4, 4, "{}"]);
    assert.deepEqual(middle({ width, height, ...image }), COLOURS[index]);
  }
  const strip = result.image("job_0_sheet.png");
  assert.deepEqual([strip.width, strip.height], [12, 4]);
});

Deno.test("A sheet of poses that a workflow has enlarged is cut all the same", async () => {
  const sheet = composeSheet(images(4, 20, 20), 2);
  const result = await arranged([sheet], { animation_frames: 4 }, SHEET);
  assert.deepEqual(middle(result.image("job_0_0003.png")), COLOURS[3]);
  await assert.rejects(arranged([plain(15, 16, COLOURS[0]!)], { animation_frames: 4 }, SHEET), {
    code: "output",
    message: "The sheet of poses cannot be cut: 15x16 pixels cannot be cut into 2x2 tiles",
  });
});

Deno.test("Two sheets of poses are two animations", async () => {
  const sheet = composeSheet(images(4, 8, 8), 2);
  const { names } = await arranged([sheet, sheet], { animation_frames: 4 }, SHEET);
  assert.deepEqual(names.filter((name) => name.endsWith("_sheet.png")), [
    "job_0_sheet.png",
    "job_1_sheet.png",
  ]);
});

Deno.test("Of a video every image with a number that the step divides is a frame", async () => {
  const plan = { type: "clip", length: 5, step: 2 } as const;
  const result = await arranged(images(5, 6, 6), { animation_frames: 3 }, plan);
  const shown = ["job_0_0000.png", "job_0_0001.png", "job_0_0002.png"].map((name) =>
    middle(result.image(name))
  );
  assert.deepEqual(shown, [COLOURS[0], COLOURS[2], COLOURS[0]]);
  assert.equal(result.image("job_0_sheet.png").width, 18);
});

Deno.test("A video of more images than were asked for will do, one of fewer will not", async () => {
  const plan = { type: "clip", length: 9, step: 1 } as const;
  const { names } = await arranged(images(8, 4, 4), { animation_frames: 8 }, plan);
  assert.equal(names.length, 13);
  const two = await arranged(images(18, 4, 4), { animation_frames: 8 }, plan);
  assert.equal(two.names.length, 26);
  await assert.rejects(arranged(images(7, 4, 4), { animation_frames: 8 }, plan), {
    code: "output",
    message: "ComfyUI made 7 images for an animation of 8 frames",
  });
});

Deno.test("The atlas tells rate, cycle and columns, under a name that is the job's own", async () => {
  const shape = { animation_frames: 4, fps: 12, cycle: "attack", sheet_columns: 2 } as const;
  const result = await arranged(images(4, 4, 4), shape);
  const { frames, animations, meta } = result.atlas("job_0_sheet.json");
  assert.deepEqual(meta.frameTags, [
    { name: "attack-job_0", from: 0, to: 3, direction: "forward", repeat: "1" },
  ]);
  assert.deepEqual(animations, { "attack-job_0": ["0", "1", "2", "3"] });
  assert.deepEqual([frames["3"]?.duration, frames["3"]?.frame], [83, { x: 4, y: 4, w: 4, h: 4 }]);
  assert.equal(frames["3"]?.filename, "job_0_0003.png");
  const godot = result.textOf("job_0_sheet.tres");
  assert.match(godot, /"loop": false,\n"name": &"attack-job_0",\n"speed": 12\.0\n/);
});

Deno.test("A job whose sheet no image can hold in so many columns is refused", async () => {
  const shape = { animation_frames: 256, size: [256, 256] as [number, number], sheet_columns: 256 };
  await assert.rejects(arranged(images(1, 4, 4), shape), {
    code: "invalid_parameter",
    message: /^Invalid parameter: animation_frames: 256 frames of 256x256 do not go into one sheet/,
  });
});
