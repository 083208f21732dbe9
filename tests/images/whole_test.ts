import { deflateSync, inflateSync } from "node:zlib";
import { equal, ok, rejects } from "node:assert/strict";
import { checkPng, encodePng, joinPngs } from "../../src/images/mod.ts";
import {
  concatenate,
  encodeChunk,
  PNG_SIGNATURE,
  type PngChunk,
  readChunks,
} from "../../src/images/chunks.ts";
import { drawPng } from "../fuzz/valid_png.ts";
import { Random } from "../simulation/world/random.ts";
import { plain } from "./support.ts";

const { signal } = new AbortController();

type Part = Pick<PngChunk, "type" | "data">;

function rebuilt(png: Uint8Array, change: (chunk: Part) => readonly Part[]): Uint8Array {
  const parts = readChunks(png).flatMap(change);
  return concatenate([
    PNG_SIGNATURE,
    ...parts.map(({ type, data }) => encodeChunk(type, data)),
  ]);
}

/** The same file with other lines, packed anew. */
function withLines(png: Uint8Array, change: (lines: Uint8Array) => Uint8Array): Uint8Array {
  const packed = readChunks(png).filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const data = new Uint8Array(deflateSync(change(inflateSync(concatenate(packed)))));
  let isFirst = true;
  return rebuilt(png, (chunk) => {
    if (chunk.type !== "IDAT") return [chunk];
    if (!isFirst) return [];
    isFirst = false;
    return [{ type: "IDAT", data }];
  });
}

function longer(lines: Uint8Array, by: number): Uint8Array {
  return concatenate([lines, new Uint8Array(by)]);
}

Deno.test("checkPng() takes valid files of every kind, and none of them with pixels too few or too many", async () => {
  const random = new Random(17);
  for (let count = 0; count < 100; count++) {
    const { bytes, kind } = drawPng(random);
    await checkPng(bytes, signal);
    const lies: [Uint8Array, RegExp][] = [
      [withLines(bytes, (lines) => lines.subarray(0, -1)), /: pixels are missing$/],
      [withLines(bytes, (lines) => lines.subarray(0, lines.length >> 1)), /: pixels are missing$/],
      [withLines(bytes, () => new Uint8Array()), /: pixels are missing$/],
      [withLines(bytes, (lines) => longer(lines, 1)), /: it has more pixels than its header says$/],
      [withLines(bytes, (lines) => longer(lines, 1 << 22)), /: it has more pixels/],
      [withLines(bytes, (lines) => lines.with(0, 5)), /: there is no filter 5$/],
    ];
    for (const [file, message] of lies) await rejects(checkPng(file, signal), { message }, kind);
  }
});

/** Too large to be unpacked at once. */
const LARGE = await encodePng(plain(700, 600, [1, 2, 3, 255]));

Deno.test("checkPng() unpacks large files piece by piece, with the same findings", async () => {
  await checkPng(LARGE, signal);
  const stride = 700 * 4 + 1;
  const lies: [Uint8Array, RegExp][] = [
    [withLines(LARGE, (lines) => lines.subarray(0, -stride)), /: pixels are missing$/],
    [withLines(LARGE, (lines) => longer(lines, 1)), /: it has more pixels/],
    [withLines(LARGE, (lines) => longer(lines, 50 * 2 ** 20)), /: it has more pixels/],
    [withLines(LARGE, (lines) => lines.with(599 * stride, 7)), /: there is no filter 7$/],
    [cutData(LARGE, 10), /: its pixels cannot be unpacked$/],
  ];
  for (const [file, message] of lies) {
    await rejects(checkPng(file, signal), { code: "damaged", message });
  }
  await rejects(checkPng(LARGE, AbortSignal.abort("stop")), (error) => error === "stop");
});

function cutData(png: Uint8Array, by: number): Uint8Array {
  return rebuilt(
    png,
    ({ type, data }) => [{ type, data: type === "IDAT" ? data.slice(0, -by) : data }],
  );
}

Deno.test("checkPng() refuses headers that lie, before anything is unpacked", async () => {
  const sized = (width: number, height: number, rest: readonly number[] = []) =>
    rebuilt(LARGE, ({ type, data }) => {
      if (type !== "IHDR") return [{ type, data }];
      const head = data.slice();
      new DataView(head.buffer).setUint32(0, width);
      new DataView(head.buffer).setUint32(4, height);
      head.set(rest, 8);
      return [{ type, data: head }];
    });
  const lies: [Uint8Array, RegExp][] = [
    [sized(0, 600), /: it has no pixels$/],
    [sized(700, 0), /: it has no pixels$/],
    [sized(2 ** 32 - 1, 2 ** 32 - 1, [16, 6]), /: its pixels would take \S+ bytes$/],
    [sized(700, 601), /: pixels are missing$/],
    [sized(700, 599), /: it has more pixels/],
    [sized(700, 600, [8, 3]), /: its palette is missing$/],
    [sized(700, 600, [8, 6, 0, 0, 1]), /./],
    [rebuilt(LARGE, (chunk) => chunk.type === "IDAT" ? [] : [chunk]), /: it has no pixels$/],
    [scattered(LARGE), /: its pixels are scattered$/],
  ];
  for (const [file, message] of lies) {
    await rejects(checkPng(file, signal), { code: "damaged", message });
  }
});

function scattered(png: Uint8Array): Uint8Array {
  return rebuilt(png, (chunk) => {
    if (chunk.type !== "IDAT") return [chunk];
    const half = chunk.data.length >> 1;
    return [
      { type: "IDAT", data: chunk.data.slice(0, half) },
      { type: "tEXt", data: new TextEncoder().encode("a\0b") },
      { type: "IDAT", data: chunk.data.slice(half) },
    ];
  });
}

Deno.test("checkPng() looks at every frame of an animation", async () => {
  const frames = [
    await encodePng(plain(5, 4, [9, 0, 0, 9])),
    await encodePng(plain(5, 4, [0, 9, 0, 9])),
  ];
  const joined = joinPngs([...frames, frames[0]!], { durationsMs: [40, 40, 40] });
  ok(joined !== undefined);
  await checkPng(joined, signal);
  const nth = (wanted: string, at: number, change: (data: Uint8Array) => readonly Uint8Array[]) => {
    let seen = 0;
    return rebuilt(joined, ({ type, data }) => {
      if (type !== wanted || seen++ !== at) return [{ type, data }];
      return change(data).map((changed) => ({ type, data: changed }));
    });
  };
  const packed = new Uint8Array(deflateSync(new Uint8Array(3 * (1 + 5 * 4))));
  const lies: [Uint8Array, RegExp][] = [
    [
      nth("fdAT", 0, (data) => [concatenate([data.subarray(0, 4), packed])]),
      /: pixels are missing$/,
    ],
    [nth("fdAT", 1, (data) => [data.subarray(0, -9)]), /: its pixels cannot be unpacked$/],
    [nth("fdAT", 1, () => []), /: its pixels cannot be unpacked$/],
    [nth("fcTL", 2, (data) => [data.with(7, 4)]), /: it has more pixels/],
    [nth("fcTL", 1, (data) => [data.with(7, 6)]), /: a frame does not lie within it$/],
    [nth("fcTL", 0, (data) => [data.with(15, 1)]), /: a frame does not lie within it$/],
    [nth("fcTL", 1, (data) => [data.with(11, 0)]), /: a frame does not lie within it$/],
    [nth("fcTL", 1, (data) => [data.subarray(1)]), /: a frame has no size$/],
    [nth("acTL", 0, (data) => [data.with(3, 4)]), /: frames are missing$/],
    [nth("acTL", 0, (data) => [data.subarray(4)]), /: frames are missing$/],
    [nth("fcTL", 2, () => []), /: frames are missing$/],
  ];
  for (const [file, message] of lies) {
    await rejects(checkPng(file, signal), { code: "damaged", message });
  }
});

Deno.test("checkPng() takes data in many chunks, empty ones too", async () => {
  const split = rebuilt(LARGE, ({ type, data }) => {
    if (type !== "IDAT") return [{ type, data }];
    const parts = [data.slice(0, 1), data.slice(1, 1), data.slice(1, 700), data.slice(700)];
    return parts.map((part) => ({ type, data: part }));
  });
  equal(readChunks(split).filter(({ type }) => type === "IDAT").length, 4);
  await checkPng(split, signal);
});
