import { ok } from "node:assert/strict";
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
