import assert from "node:assert/strict";
import { checkShape } from "../../src/sandbox/shape.ts";
import type { LogLevel } from "../../src/log.ts";
import { fitImages } from "../../src/sandbox/fit.ts";
import { decodePng, encodePng } from "../../src/images/mod.ts";
import { plain } from "../images/support.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { jobSetup } from "./job_setup.ts";

Deno.test("runJob() cuts the middle out of an image that was generated larger on purpose", async () => {
  await using setup = await jobSetup();
  const request = generateRequest({ size: [100, 70], steps: 2, fit: "crop" });
  const { outcome } = await setup.run({ request });
  assert.ok(outcome.type === "completed", JSON.stringify(outcome));
  const image = decodePng(await Deno.readFile(outcome.imagePaths[0]!));
  assert.deepEqual([image.width, image.height], [100, 70]);
  const { body } = setup.simulator.record.prompts[0]!;
  assert.match(JSON.stringify(body?.["prompt"]), /"width":104,"height":72/);
  assert.deepEqual(Object.keys(image.text), ["prompt", "parameters"]);
});

Deno.test("runJob() cuts the frames of an animation before they go into its sheet", async () => {
  await using setup = await jobSetup();
  const request = generateRequest({
    size: [30, 20],
    steps: 2,
    fit: "crop",
    animation_frames: 4,
    workflow: "batch",
  });
  const { outcome } = await setup.run({ request });
  assert.ok(outcome.type === "completed", JSON.stringify(outcome));
  const frame = decodePng(await Deno.readFile(outcome.imagePaths.at(-1)!));
  assert.deepEqual([frame.width, frame.height], [30, 20]);
});

Deno.test("runJob() refuses a size that would come out as another one", async () => {
  await using setup = await jobSetup();
  const { outcome } = await setup.run({ request: generateRequest({ size: [63, 63] }) });
  assert.ok(outcome.type === "failed");
  assert.match(outcome.error, /^Invalid parameter: size: .* ask for 56x56 or 64x64/);
});

const FITTED: [
  name: string,
  made: [number, number],
  generated: [number, number],
  fit: "crop" | "exact",
  result: [number, number],
  warning: RegExp | undefined,
][] = [
  ["keeps what fits", [8, 6], [8, 6], "crop", [8, 6], undefined],
  ["cuts what is larger", [16, 8], [16, 8], "crop", [8, 6], undefined],
  ["keeps a workflow's own enlargement", [32, 16], [16, 8], "crop", [16, 12], undefined],
  ["tells of another size", [16, 8], [8, 6], "exact", [16, 8], /made 16x8 where 8x6 was asked for/],
  ["tells of what is too small", [4, 4], [8, 8], "crop", [4, 4], /made 4x4 where 8x6/],
];

for (const [name, made, generated, fit, result, warning] of FITTED) {
  Deno.test(`fitImages() ${name}`, async () => {
    await using dir = await tempDir();
    const temp = `${dir.path}/in.png`;
    await Deno.writeFile(temp, await encodePng(plain(...made, [1, 2, 3, 255])));
    const told: [LogLevel, string][] = [];
    const [image] = await fitImages([{ temp, extension: ".png" }], {
      request: { size: [8, 6], fit },
      generated,
      staging: {
        async write(content) {
          await Deno.writeFile(`${dir.path}/out.png`, content as Uint8Array);
          return `${dir.path}/out.png`;
        },
      },
      signal: new AbortController().signal,
      log: (level, message) => void told.push([level, message]),
      jobId: "job-1",
    });
    const { width, height } = decodePng(await Deno.readFile(image!.temp));
    assert.deepEqual([width, height], result);
    if (warning === undefined) assert.deepEqual(told, []);
    else assert.match(told.join(), warning);
  });
}

Deno.test("fitImages() leaves files alone that are no PNG", async () => {
  await using dir = await tempDir();
  const temp = `${dir.path}/in.webp`;
  await Deno.writeTextFile(temp, "RIFF....WEBP".padEnd(64, "."));
  const images = [{ temp, extension: ".webp" }];
  const fitted = await fitImages(images, {
    request: { size: [8, 8], fit: "crop" },
    generated: [8, 8],
    staging: { write: () => Promise.reject(new Error("Not to be written")) },
    signal: new AbortController().signal,
    log: () => {},
    jobId: "job-1",
  });
  assert.deepEqual(fitted, images);
});

Deno.test("checkShape() refuses a sheet of tiles that is too large to be cut", () => {
  assert.throws(
    () => checkShape({ size: [16_384, 16_384], tileset_grid: [2, 2] }),
    /^JobError: Invalid parameter: tileset_grid: a sheet of 16384x16384 cannot be cut/,
  );
});
