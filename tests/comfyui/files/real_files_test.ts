import { equal, ok } from "node:assert/strict";
import { encode } from "jpeg-js";
import { kindOf } from "../../../src/comfyui/files/kinds.ts";
import { REAL_FILES } from "./real_files.ts";

function isWhole(bytes: Uint8Array, name: string): boolean {
  return kindOf(bytes, name)?.isWhole(bytes) === true;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const PAGE = new TextEncoder().encode("<html><body>502 Bad Gateway</body></html>\n");

/** Their parts are found by place, so that anything may stand between and behind them. */
const BY_PLACE = /\.(?:exr|tiff)$/;

for (const [name, text] of Object.entries(REAL_FILES)) {
  const file = Uint8Array.fromBase64(text);

  Deno.test(`a whole ${name} is whole, and cut at any byte it is not`, () => {
    ok(isWhole(file, name));
    for (let length = 0; length < file.length; length++) {
      ok(!isWhole(file.subarray(0, length), name), `${length} of ${file.length} bytes`);
    }
  });

  Deno.test(`a ${name} is followed by nothing but zeros`, () => {
    ok(BY_PLACE.test(name) || !isWhole(joined(file, PAGE), name));
    ok(isWhole(joined(file, new Uint8Array(16)), name));
  });

  Deno.test(`a ${name} with any four bytes of its head overwritten is looked at without falling over`, () => {
    for (let at = 0; at < Math.min(file.length - 4, 400); at++) {
      for (const value of [0, 0x7f, 0xff]) isWhole(file.slice().fill(value, at, at + 4), name);
    }
  });
}

/** Lies by name: the file, what stands at a place of it, and what is to stand there. */
const LIES: readonly (readonly [string, place: number | string, bytes: readonly number[]])[] = [
  ["baseline.jpg", "\xff\xc0", [0xff, 0xc0, 0, 17, 8, 0x7f, 0xff, 0x7f, 0xff]],
  ["progressive.jpg", "\xff\xc2", [0xff, 0xc2, 0, 17, 8, 0x7f, 0xff, 0x7f, 0xff]],
  ["baseline.jpg", "\xff\xc0", [0xff, 0xc0, 0, 17, 8, 0, 12, 0, 0]],
  ["baseline.jpg", "\xff\xc0", [0xff, 0xc0, 0, 1]],
  // The usual code for the first coefficient, gone wrong; and a scan of a component that there is none of.
  ["baseline.jpg", "\xff\xc4", [0xff, 0xc4, 0, 0x1f, 0, 9]],
  ["baseline.jpg", "\xff\xda", [0xff, 0xda, 0, 12, 3, 7]],
  ["progressive.jpg", "\xff\xda", [0xff, 0xda, 0, 12, 3, 7]],
  // A restart where none was announced.
  ["baseline.jpg", "\xa1\x6d\x0d\x9f", [0xff, 0xd0]],
  // Sizes that differ, the mark of a frame, its parts, a version that there is none of.
  ["lossy.webp", "\x9d\x01\x2a", [0x9d, 0x01, 0x2b]],
  ["lossy.webp", "\x9d\x01\x2a", [0x9d, 0x01, 0x2a, 0, 0]],
  ["lossy.webp", 20, [0x71]],
  ["lossy.webp", 20, [0xf0, 0xff, 0xff]],
  ["lossless.webp", 20, [0x2e]],
  ["lossless.webp", 24, [0xe0]],
  ["a.gif", 6, [15, 0, 12, 0]],
  ["a.bmp", 18, [255, 255, 0, 0]],
  ["a.bmp", 2, [255, 255, 255, 255]],
  ["a.mp4", "stsz", [...new TextEncoder().encode("stsz"), 0, 0, 0, 0, 0, 1, 0, 0]],
  ["a.mp4", "moov", [...new TextEncoder().encode("mooo")]],
  ["a.webm", "\x1f\x43\xb6\x75", [0x1f, 0x43, 0xb6, 0x75, 0x01, 0x7f, 0xff, 0xff]],
  ["a.mp3", "Info", [...new TextEncoder().encode("Info"), 0, 0, 0, 1, 0, 0, 9, 9]],
  ["a.opus", "OpusHead", [0]],
  ["a.flac", 21, [0, 0, 0, 255]],
  ["a.exr", "dataWindow\0box2i\0", [...new TextEncoder().encode("dataWindew")]],
  ["a.tiff", 4, [255, 255, 255, 0]],
  ["a.wav", "data", [...new TextEncoder().encode("dato")]],
];

for (const [name, place, bytes] of LIES) {
  Deno.test(`a ${name} that lies at ${JSON.stringify(place)} is not whole: ${bytes}`, () => {
    const file = Uint8Array.fromBase64(REAL_FILES[name]!);
    const at = typeof place === "number" ? place : placeOf(file, place);
    ok(at >= 0);
    const lie = file.slice();
    lie.set(bytes, at);
    ok(!isWhole(lie, name));
  });
}

function placeOf(file: Uint8Array, text: string): number {
  return file.findIndex((_, from) =>
    [...text].every((char, nth) => file[from + nth] === char.charCodeAt(0))
  );
}

/** A JPEG of four blocks of one component, each an end at once, by a code of two bits for both coefficients. */
function jpegOf(scan: readonly number[], { restart = 0, marker = 0xc0 } = {}): Uint8Array {
  const codes = [0, 3, ...Array.from({ length: 14 }, () => 0), 0x00, 0x01, 0x53];
  return Uint8Array.from([
    ...[0xff, 0xd8, 0xff, marker, 0, 11, 8, 0, 8, 0, 32, 1, 1, 0x11, 0],
    ...[0xff, 0xc4, 0, 42, 0x00, ...codes, 0x10, ...codes],
    ...(restart === 0 ? [] : [0xff, 0xdd, 0, 4, 0, restart]),
    ...[0xff, 0xda, 0, 8, 1, 1, 0x00, 0, marker === 0xc2 ? 0 : 63, 0, ...scan, 0xff, 0xd9],
  ]);
}

function bytesOf(bits: string): number[] {
  return bits.match(/.{1,8}/g)!.map((byte) => parseInt(byte.padEnd(8, "0"), 2));
}

Deno.test("a JPEG's scan is followed code by code, to the last of its blocks", () => {
  const cases: readonly (readonly [scan: readonly number[], isRight: boolean])[] = [
    [[0x00, 0x00], true],
    // A byte that fills up, as jpeg-js writes it.
    [[0x00, 0x00, 0xff, 0x00], true],
    [[0x00], false],
    [[0x00, 0x00, 0x00, 0x00, 0x00, 0x00], false],
    // No value has this code.
    [[0x00, 0xc0], false],
    // More coefficients than a block has: the first one, eleven times six of them, and the three other blocks.
    [bytesOf(`00${"10101".repeat(11)}${"0000".repeat(3)}`), false],
    [bytesOf(`00${"10101".repeat(10)}00${"0000".repeat(3)}`), true],
    [[0x00, 0xff, 0xd0, 0x00], false],
  ];
  for (const [scan, isRight] of cases) equal(isWhole(jpegOf(scan), "a.jpg"), isRight, `${scan}`);
});

Deno.test("a JPEG's restarts come where they were announced, in order", () => {
  const every2 = { restart: 2 };
  equal(isWhole(jpegOf([0x00, 0xff, 0xd0, 0x00], every2), "a.jpg"), true);
  // One behind the last block does no harm.
  equal(isWhole(jpegOf([0x00, 0xff, 0xd0, 0x00, 0xff, 0xd1], every2), "a.jpg"), true);
  equal(isWhole(jpegOf([0x00, 0x00], every2), "a.jpg"), false);
  equal(isWhole(jpegOf([0x00, 0xff, 0xd1, 0x00], every2), "a.jpg"), false);
});

Deno.test("a progressive JPEG's first scans are followed", () => {
  const progressive = { marker: 0xc2 };
  equal(isWhole(jpegOf([0x00], progressive), "a.jpg"), true);
  equal(isWhole(jpegOf([0xc0], progressive), "a.jpg"), false);
  equal(isWhole(jpegOf([0x00, 0x00, 0x00, 0x00, 0x00], progressive), "a.jpg"), false);
});

Deno.test("a page in the middle of a JPEG shows", () => {
  const data = Uint8Array.from({ length: 64 * 64 * 4 }, (_, nth) => (nth * nth) % 251);
  const file = new Uint8Array(encode({ data, width: 64, height: 64 }, 80).data);
  ok(isWhole(file, "a.jpg"));
  const start = placeOf(file, "\xff\xda") + 14;
  const page = joined(PAGE, PAGE, PAGE, PAGE);
  for (let at = start; at + page.length < file.length; at += 500) {
    const lie = file.slice();
    lie.set(page, at);
    ok(!isWhole(lie, "a.jpg"), `${at} of ${file.length}`);
  }
});

Deno.test("an animated WEBP whose frame is not where and how large it says is not whole", () => {
  const image = Uint8Array.fromBase64(REAL_FILES["lossless.webp"]!).subarray(12);
  const number = (value: number) => [value & 255, value >> 8, value >> 16];
  const animation = (x: number, width: number, height: number, flags = 2) => {
    const frame = [...number(x), ...number(0), ...number(width - 1), ...number(height - 1)];
    const content = [...frame, ...number(40), 0, ...image];
    const chunks = [
      ..."VP8X",
      ...[10, 0, 0, 0, flags, 0, 0, 0, ...number(15), ...number(11)],
      ...(flags === 2 ? ["A", "N", "M", "F", content.length & 255, 0, 0, 0, ...content] : image),
    ];
    const all = [..."RIFF", chunks.length + 4, 0, 0, 0, ..."WEBP", ...chunks];
    return Uint8Array.from(all, (part) => typeof part === "string" ? part.charCodeAt(0) : part);
  };
  ok(isWhole(animation(0, 16, 12), "a.webp"));
  ok(isWhole(animation(0, 16, 12, 0), "a.webp"));
  ok(!isWhole(animation(1, 16, 12), "a.webp"));
  ok(!isWhole(animation(0, 15, 12), "a.webp"));
  ok(!isWhole(animation(0, 16, 13), "a.webp"));
  ok(!isWhole(animation(0, 16, 12).with(30, 99), "a.webp"));
});
