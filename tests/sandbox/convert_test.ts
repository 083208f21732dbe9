import { deepEqual, equal, match, ok } from "node:assert/strict";
import { decodeImage, encodePng } from "../../src/images/mod.ts";
import { graphEndingIn, smallPng, standInJobs, startStandIn } from "./stand_in.ts";

const SAVE = graphEndingIn({ class_type: "SaveImage" });

async function startOf(path: string): Promise<Uint8Array> {
  return (await Deno.readFile(path)).subarray(0, 12);
}

Deno.test("runJob() delivers WebP and JPEG though the workflow saves PNG files, with what was asked for in them", async () => {
  await using server = await startStandIn();
  await using jobs = await standInJobs(server, SAVE);
  const deliver = async (output_format: string) => {
    const { outcome } = await jobs.run({ output_format, prompt: "a red knight" });
    ok(outcome.type === "completed", JSON.stringify(outcome));
    equal(outcome.imagePaths.length, 1);
    return outcome.imagePaths[0]!;
  };
  const webp = await deliver("webp");
  match(webp, /j_0\.webp$/);
  equal(new TextDecoder("latin1").decode((await startOf(webp)).subarray(8)), "WEBP");
  const jpeg = await deliver(".JPG");
  match(jpeg, /j_0\.jpg$/);
  deepEqual([(await decodeImage(await Deno.readFile(jpeg))).width], [8]);
  for (const path of [webp, jpeg]) {
    const text = new TextDecoder("utf-16be").decode((await Deno.readFile(path)).slice());
    const shifted = new TextDecoder("utf-16be").decode((await Deno.readFile(path)).slice(1));
    ok((text + shifted).includes('"prompt":"a red knight"'), path);
  }
  match(await deliver("png"), /j_0\.png$/);
  // The hidden files are gone.
  const names = await Array.fromAsync(Deno.readDir(jobs.dir), ({ name }) => name);
  deepEqual(names.sort(), ["j_0.jpg", "j_0.png", "j_0.webp"]);
});

Deno.test("runJob() says in the log that a JPEG has lost transparency", async () => {
  await using server = await startStandIn();
  await using jobs = await standInJobs(server, SAVE);
  // The stand-in's image is half transparent.
  await jobs.run({ output_format: "webp" });
  equal(jobs.logged.some((message) => /transparen/.test(message)), false);
  await jobs.run({ output_format: "jpeg" });
  ok(
    jobs.logged.some((message) => /JPEG knows no transparency.*ask for webp or png/.test(message)),
  );
});

Deno.test("runJob() makes pixel art of WebP files, and delivers enlargements and originals in that format", async () => {
  await using server = await startStandIn();
  await using jobs = await standInJobs(server, SAVE);
  const pixel = { size: [4, 4], scale: [2], keep_original: true };
  const { outcome } = await jobs.run({ output_format: "webp", pixel });
  ok(outcome.type === "completed", JSON.stringify(outcome));
  deepEqual(outcome.imagePaths.map((path) => path.slice(jobs.dir.length + 1)), [
    "j_0.webp",
    "j_0@2x.webp",
    "j_0_original.webp",
  ]);
});

Deno.test("runJob() leaves files of another kind as they are", async () => {
  const gif = Uint8Array.from(
    [..."GIF89a"].map((char) => char.charCodeAt(0)).concat([
      1,
      0,
      1,
      0,
      0,
      0,
      0,
      0x2c,
      0,
      0,
      0,
      0,
      1,
      0,
      1,
      0,
      0,
      2,
      2,
      0x44,
      1,
      0,
      0x3b,
    ]),
  );
  const png = await smallPng();
  await using server = await startStandIn({
    nodes: {
      Both: (server) => ({ images: [server.save("a.gif", gif), server.save("b.png", png)] }),
    },
  });
  await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Both" }));
  const { outcome } = await jobs.run({ output_format: "webp" });
  ok(outcome.type === "completed", JSON.stringify(outcome));
  deepEqual(outcome.imagePaths.map((path) => path.slice(jobs.dir.length + 1)), [
    "j_0.gif",
    "j_1.webp",
  ]);
});

Deno.test("runJob() delivers as PNG what is too large for WebP, and says so in the log", async () => {
  const [width, height] = [16_385, 1];
  const png = await encodePng({ width, height, channels: 3, data: new Uint8Array(width * 3) });
  await using server = await startStandIn({
    nodes: { Wide: (server) => ({ images: [server.save("wide.png", png)] }) },
  });
  await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Wide" }));
  const { outcome } = await jobs.run({ output_format: "webp" });
  ok(outcome.type === "completed", JSON.stringify(outcome));
  match(outcome.imagePaths[0]!, /j_0\.png$/);
  ok(jobs.logged.some((message) => /stays a PNG file: .* 16384 pixels a side/.test(message)));
});

Deno.test("runJob() refuses formats that it cannot make, pixel art as JPEG, and sheets of anything but PNG", async () => {
  await using server = await startStandIn();
  await using jobs = await standInJobs(server, SAVE);
  const cases = [
    [{ output_format: "avif" }, /output_format: .*ask for png, webp or jpeg/],
    [{ output_format: "jpeg", pixel: {} }, /output_format: pixel art needs .*ask for png or webp/],
    [{ output_format: "webp", animation_frames: 4 }, /output_format: sheets are made of PNG files/],
    [
      { output_format: "jpeg", tileset_grid: [2, 2] },
      /output_format: sheets are made of PNG files/,
    ],
  ] as const;
  for (const [request, why] of cases) {
    const { outcome } = await jobs.run(request);
    ok(outcome.type === "failed", JSON.stringify(outcome));
    deepEqual([outcome.code, outcome.retry], ["invalid_parameter", false]);
    match(outcome.error, why);
  }
});
