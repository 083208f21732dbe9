import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readChunks } from "../../src/images/chunks.ts";
import { composeSheet, decodePng, encodePng, sheetLayout } from "../../src/images/mod.ts";
import { playableFiles } from "../../src/sandbox/playable.ts";
import { openStaging } from "../../src/sandbox/staging.ts";
import { hasDecoder, readElsewhere } from "../images/decoders.ts";
import { plain } from "../images/support.ts";
import { tempDir } from "../support/temp_dir.ts";
import { graphEndingIn, standInJobs, startStandIn } from "./stand_in.ts";

const COLOURS = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]];

/** The delays of a GIF's images, in hundredths of a second. */
function gifDelays(gif: Uint8Array): number[] {
  const delays: number[] = [];
  for (let at = 0; at + 8 < gif.length; at++) {
    if (gif[at] === 0x21 && gif[at + 1] === 0xf9 && gif[at + 2] === 4) {
      delays.push(gif[at + 4]! | (gif[at + 5]! << 8));
    }
  }
  return delays;
}

/** The delays of an animated PNG's images, in seconds. */
function apngDelays(file: Uint8Array): number[] {
  return readChunks(file).filter(({ type }) => type === "fcTL").map(({ data }) => {
    const view = new DataView(data.buffer, data.byteOffset);
    return view.getUint16(20) / view.getUint16(22);
  });
}

async function played(
  frames: ReturnType<typeof plain>[],
  { fps = 10, loops = true, kinds = [4] as (3 | 4)[] } = {},
) {
  await using dir = await tempDir();
  await using staging = await openStaging(dir.path, "job");
  const temps = await Promise.all(frames.map(async (frame, index) => {
    const isOpaque = kinds[index % kinds.length] === 3;
    const { width, height } = frame;
    const data = isOpaque ? frame.data.filter((_, at) => at % 4 !== 3) : frame.data;
    return await staging.write(
      await encodePng({ width, height, channels: isOpaque ? 3 : 4, data }),
    );
  }));
  const sheet = composeSheet(frames);
  const layout = sheetLayout(frames.length, frames[0]!.width, frames[0]!.height);
  const playing = { fps, loops, cycle: undefined };
  const { signal } = new AbortController();
  const files = await playableFiles({ temps, sheet, layout }, playing, { staging, signal });
  return await Promise.all(files.map(async (file) => {
    ok("temp" in file && file.plays);
    return [file.suffix, await Deno.readFile(file.temp)] as const;
  }));
}

const FRAMES = COLOURS.map((colour) => plain(6, 5, colour));

Deno.test("playableFiles() plays frames as long as the atlas says, once or for ever", async () => {
  const [[first, gif], [second, apng]] = await played(FRAMES, { fps: 12 }) as [
    readonly [string, Uint8Array],
    readonly [string, Uint8Array],
  ];
  deepEqual([first, second], [".gif", ".apng"]);
  deepEqual(gifDelays(gif), [8, 9, 8]);
  deepEqual(apngDelays(apng), [0.083, 0.083, 0.083]);
  const playsOf = (file: Uint8Array) =>
    readChunks(file).find(({ type }) => type === "acTL")!.data.at(-1);
  const loops = (file: Uint8Array) => new TextDecoder("latin1").decode(file).includes("NETSCAPE");
  deepEqual([playsOf(apng), loops(gif)], [0, true]);
  const [[, gifOnce], [, apngOnce]] = await played(FRAMES, { loops: false }) as [
    readonly [string, Uint8Array],
    readonly [string, Uint8Array],
  ];
  deepEqual([playsOf(apngOnce), loops(gifOnce)], [1, false]);
});

Deno.test("playableFiles() makes one animation of frames with and without alpha", async () => {
  const [, [, apng]] = await played(FRAMES, { kinds: [3, 4] }) as [
    readonly [string, Uint8Array],
    readonly [string, Uint8Array],
  ];
  equal(apngDelays(apng).length, 3);
  deepEqual([...decodePng(apng).data.subarray(0, 4)], COLOURS[0]);
});

Deno.test("playableFiles() leaves out what would take too long to pack", async () => {
  const { width, height } = { width: 8192, height: 8192 };
  const sheet = {
    width,
    height,
    indices: new Uint8Array(width * height),
    palette: new Uint8Array(4),
  };
  const layout = { width, height, cells: [{ x: 0, y: 0, w: width, h: height }] };
  const { signal } = new AbortController();
  const staging = { write: () => Promise.reject(new Error("Nothing is to be written")) };
  const playing = { fps: 10, loops: true, cycle: undefined };
  deepEqual(await playableFiles({ temps: ["a"], sheet, layout }, playing, { staging, signal }), []);
});

Deno.test({
  name: "playableFiles() writes what another program plays the same (left out without ImageMagick)",
  ignore: !await hasDecoder("GIF"),
  async fn() {
    const files = await played(FRAMES);
    const gif = await readElsewhere([files[0]![1]], "gif", FRAMES.length);
    deepEqual(gif.map(({ data }) => [...data.subarray(0, 4)]), COLOURS);
    deepEqual(gif.map(({ width, height }) => [width, height]), FRAMES.map(() => [6, 5]));
  },
});

for (const pixel of [undefined, { size: [4, 4] as [number, number] }]) {
  const what = pixel === undefined ? "an animation" : "an animation of pixel art";
  Deno.test(`runJob() tells of the files of ${what} that play, apart from its images`, async () => {
    await using server = await startStandIn({
      nodes: {
        Frames: (server) => ({
          images: ["a", "b", "c"].map((name, index) => server.save(`${name}.png`, pngs[index]!)),
        }),
      },
    });
    await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Frames" }));
    const fields = { animation_frames: 3, fps: 25, ...(pixel === undefined ? {} : { pixel }) };
    const { outcome } = await jobs.run(fields);
    ok(outcome.type === "completed", JSON.stringify(outcome));
    const { imagePaths, animationPaths = [] } = outcome;
    ok(imagePaths.every((path) => path.endsWith(".png")));
    match(imagePaths[0]!, /j_0_sheet\.png$/);
    deepEqual(animationPaths.map((path) => path.slice(jobs.dir.length + 1)), [
      "j_0.gif",
      "j_0.apng",
    ]);
    const [gif, apng] = await Promise.all(animationPaths.map((path) => Deno.readFile(path)));
    deepEqual([gifDelays(gif!), apngDelays(apng!)], [[4, 4, 4], [0.04, 0.04, 0.04]]);
    const frame = decodePng(await Deno.readFile(imagePaths[1]!));
    deepEqual(decodePng(apng!).data, frame.data);
  });
}

const pngs = await Promise.all(COLOURS.map((colour) => encodePng(plain(16, 16, colour))));
