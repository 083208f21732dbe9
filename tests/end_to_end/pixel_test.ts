import assert from "node:assert/strict";
import type { Progress } from "../../src/protocol/mod.ts";
import { decodePng } from "../../src/images/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, workerSetup } from "../support/worker.ts";

const DIFFUSED = { simulator: { painting: "diffusion" } } as const;

/** An image large enough that its cells are several pixels wide. */
const LARGE = { ...IMAGE, size: [256, 256] as [number, number] };

async function read(path: string | undefined) {
  return decodePng(await Deno.readFile(path ?? ""));
}

Deno.test("What a diffusion model made becomes pixel art, and the job tells what was found", async () => {
  await using setup = await workerSetup(DIFFUSED);
  const job = setup.client.generate({ ...LARGE, pixel: { scale: [4], keep_original: true } });
  const progress: Progress[] = [];
  for await (const update of job.updates()) {
    if (update.type === "progress") progress.push(update);
  }
  const { imagePath, imagePaths, pixel } = await job.result;
  assert.equal(progress.at(-1)?.stage, "post_processing");
  assert.equal(progress.at(-1)?.percent, 100);
  assert.ok(progress.every(({ percent }, at) => percent >= (progress[at - 1]?.percent ?? 0)));
  const [found] = pixel ?? [];
  assert.ok(found !== undefined);
  assert.deepEqual([imagePaths[found.image], imagePaths.length], [imagePath, 3]);
  const { width, height, data } = await read(imagePath);
  assert.deepEqual([width, height], found.size);
  assert.ok(width > 20 && width < 64, `${width} cells`);
  const colours = new Set<string>();
  for (let at = 0; at < data.length; at += 4) colours.add(data.subarray(at, at + 4).join());
  assert.equal(colours.size, found.colors);
  assert.equal((await read(imagePaths[1])).width, 4 * width);
  assert.equal((await read(imagePaths[found.original ?? 0])).width, 256);
  const info = await setup.client.job(job.id);
  assert.deepEqual(info.pixel, pixel);
});

Deno.test("A batch becomes as many pixel images, an animation frames of one palette", async () => {
  await using setup = await workerSetup(DIFFUSED);
  const pixel = { size: [32, 32] as [number, number], colors: 12, keep_original: true };
  const batch = await setup.client.generate({ ...LARGE, batch_size: 2, pixel }).result;
  assert.deepEqual(batch.pixel?.map(({ image }) => image), [0, 1]);
  for (const path of batch.imagePaths.slice(0, 2)) assert.equal((await read(path)).width, 32);
  const request = { ...LARGE, animation_frames: 3, cycle: "walk", pixel } as const;
  const { imagePaths: [sheet, ...files] } = await setup.client.generate(request).result;
  const colours = new Set<string>();
  for (const path of files.slice(0, 3)) {
    const { width, data } = await read(path);
    assert.equal(width, 32);
    for (let at = 0; at < data.length; at += 4) colours.add(data.subarray(at, at + 4).join());
  }
  assert.ok(colours.size <= 12, `${colours.size} colours`);
  assert.equal((await read(sheet)).width, 96);
});

Deno.test("A tile set is cut into whole cells, and says how its tiles fit", async () => {
  await using setup = await workerSetup(DIFFUSED);
  const request = {
    ...IMAGE,
    prompt: "grass tileset",
    size: [256, 128] as [number, number],
    tileset_grid: [2, 1] as [number, number],
    pixel: { size: [32, 16] as [number, number] },
  };
  const { imagePaths: [sheet, ...tiles], pixel } = await setup.client.generate(request).result;
  assert.equal((await read(sheet)).width, 32);
  assert.equal((await read(tiles[0])).width, 16);
  assert.deepEqual([pixel?.length, pixel?.[0]?.seams?.length], [1, 2]);
});

Deno.test("A palette of the worker's directory is used, and what is none refused at once", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/studio.hex`, "102030\nf0e0d0\n");
  await using setup = await workerSetup({ ...DIFFUSED, flags: { "palette-dir": dir.path } });
  const refusal = async (pixel: Record<string, unknown>) => {
    const error = await setup.client.generate({ ...LARGE, pixel }).accepted.then(
      () => undefined,
      (error: Error) => error.message,
    );
    return error ?? "accepted";
  };
  assert.match(await refusal({ palette: "studo" }), /pixel\.palette: .*did you mean studio/);
  assert.match(await refusal({ palette: "../studio" }), /there is no palette/);
  assert.match(
    await refusal({ size: [0, 8] }),
    /^Invalid parameter: pixel\.size\.0: expected an integer from 1 to 4096, got 0$/,
  );
  assert.match(await refusal({ colors: 256 }), /^Invalid parameter: pixel\.colors: expected /);
  assert.match(await refusal({ scale: [1] }), /^Invalid parameter: pixel\.scale\.0: expected /);
  assert.match(await refusal({ dither: "some" }), /^Invalid parameter: pixel\.dither: expected /);
  const { imagePath } = await setup.client.generate({ ...LARGE, pixel: { palette: "studio" } })
    .result;
  const { data } = await read(imagePath);
  for (let at = 0; at < data.length; at += 4) {
    assert.ok(["16,32,48", "240,224,208"].includes([...data.subarray(at, at + 3)].join()));
  }
});

Deno.test("A worker whose settings ask for pixel art makes it, unless a request says no", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/worker.yaml`, "output:\n  pixel: 24x24 colors=8\n");
  await using setup = await workerSetup({ flags: { config: `${dir.path}/worker.yaml` } });
  const { imagePath, pixel } = await setup.client.generate(LARGE).result;
  assert.deepEqual([(await read(imagePath)).width, pixel?.[0]?.size], [24, [24, 24]]);
  const off = await setup.client.generate({ ...LARGE, pixel: { enabled: false } }).result;
  assert.deepEqual([(await read(off.imagePath)).width, off.pixel], [256, undefined]);
});

Deno.test("Without the field nothing changes, and no message has anything new in it", async () => {
  await using setup = await workerSetup();
  const job = setup.client.generate(IMAGE);
  assert.equal((await job.result).pixel, undefined);
  assert.ok(!("pixel" in await setup.client.job(job.id)));
});
