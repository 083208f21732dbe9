import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { heapify, heapPop, heapPush } from "../../src/simulator/engine/heap.ts";
import { dumpJson, parseJson } from "../../src/simulator/json.ts";
import { below, normalize, splitExtension } from "../../src/simulator/files/paths.ts";
import { encodePng } from "../../src/images/mod.ts";
import { decodePng } from "../../src/simulator/files/png.ts";
import { PythonError, repr, str, toBool, toFloat, toInt } from "../../src/simulator/python.ts";

Deno.test("dumpJson() writes any JSON value, in ASCII, and again after parseJson()", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = dumpJson(value);
    deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    equal(dumpJson(parseJson(text)), text);
    equal(/[\u0080-\uffff]/.test(text), false);
  }));
});

Deno.test("parseJson() keeps integers that a double cannot hold", () => {
  deepEqual(parseJson("[9007199254740991, 9007199254740993, -18446744073709551615, 1e300, 0.1]"), [
    9007199254740991,
    9007199254740993n,
    -18446744073709551615n,
    1e300,
    0.1,
  ]);
  equal(dumpJson(parseJson("18446744073709551615")), "18446744073709551615");
  equal(dumpJson([NaN, -Infinity, undefined]), "[NaN, -Infinity, null]");
  equal(dumpJson(new Map([["2", 1], ["1", 2]])), '{"2": 1, "1": 2}');
  throws(() => parseJson("[NaN]"), SyntaxError);
});

Deno.test("Python's conversions take and refuse what Python's do", () => {
  deepEqual(["64", " +7 ", "1_000", 64.7, -64.7, true, "18446744073709551615"].map(toInt), [
    64,
    7,
    1000,
    64,
    -64,
    1,
    18446744073709551615n,
  ]);
  for (const bad of ["6.5", "", "x", "1__0", null, [], {}]) throws(() => toInt(bad), PythonError);
  throws(() => toInt(NaN), { pythonType: "ValueError" });
  throws(() => toInt(Infinity), { pythonType: "OverflowError" });
  deepEqual(["7", " .5", "1e3", "-inf", true, 3n].map(toFloat), [7, 0.5, 1000, -Infinity, 1, 3]);
  equal(Number.isNaN(toFloat("nan")), true);
  for (const bad of ["", "0x10", null, {}]) throws(() => toFloat(bad), PythonError);
  deepEqual(["false", "", 0, [], [0], {}, { a: 1 }, null, 0n].map(toBool), [
    true,
    false,
    false,
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
});

Deno.test("Python's texts of values are Python's", () => {
  equal(repr(["a", 1, true, null, { k: "it's" }]), `['a', 1, True, None, {'k': "it's"}]`);
  equal(repr(`both ' and "`), `'both \\' and "'`);
  equal(repr("a\nb\\"), "'a\\nb\\\\'");
  equal(str("plain"), "plain");
  equal(str(null), "None");
});

Deno.test("heapPush(), heapPop() and heapify() keep the order and the heap", () => {
  const before = (a: number, b: number) => a < b;
  fc.assert(fc.property(fc.array(fc.integer()), fc.nat(), (numbers, cut) => {
    const heap: number[] = [];
    for (const number of numbers) heapPush(heap, number, before);
    if (heap.length > 0) heap.splice(cut % heap.length, 1);
    const expected = [...heap].sort((a, b) => a - b);
    heapify(heap, before);
    deepEqual(expected.map(() => heapPop(heap, before)), expected);
    equal(heapPop(heap, before), undefined);
  }));
});

Deno.test("heapPush() lays the array out as Python's heapq", () => {
  const heap: number[] = [];
  for (const number of [5, 3, 8, 1, 9, 2]) heapPush(heap, number, (a, b) => a < b);
  deepEqual(heap, [1, 3, 2, 5, 9, 8]);
  equal(heapPop(heap, (a, b) => a < b), 1);
  deepEqual(heap, [2, 3, 8, 5, 9]);
});

Deno.test("below() never leads out of its folder", () => {
  const segment = fc.constantFrom("..", ".", "a", "b", "", "...");
  const path = fc.array(segment, { maxLength: 8 }).map((parts) => parts.join("/"));
  fc.assert(fc.property(path, path, (folder, name) => {
    const root = below("", folder);
    const found = root === undefined ? undefined : below(root, name);
    if (found === undefined) return;
    equal(/(^\/)|(^|\/)\.\.(\/|$)/.test(found), false, found);
  }));
  equal(below("a", "../../b"), undefined);
  equal(below("", "/etc/passwd"), undefined);
});

Deno.test("normalize() and splitExtension() follow os.path", () => {
  const paths = ["", "a//b/./c/..", "/../a", "../a/../..", "a/", "."];
  deepEqual(paths.map(normalize), [".", "a/b", "/a", "../..", "a", "."]);
  const names = ["a.png", "a.tar.gz", ".hidden", "a", "d.x/y", "..a.b"];
  deepEqual(names.map((name) => splitExtension(name)[1]), [".png", ".gz", "", "", "", ".b"]);
});

Deno.test("encodePng() writes what decodePng() reads, for any size and text", async () => {
  const image = fc.record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    channels: fc.constantFrom<3 | 4>(3, 4),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(image, async ({ width, height, channels, seed }) => {
      const data = Uint8Array.from(
        { length: width * height * channels },
        (_, i) => (i * 7 + seed) % 251,
      );
      const png = await encodePng({ width, height, channels, data }, {
        prompt: `{"seed": ${seed}}`,
      });
      const decoded = decodePng(png);
      deepEqual([decoded.width, decoded.height, decoded.hasAlpha], [width, height, channels === 4]);
      equal(decoded.text.prompt, `{"seed": ${seed}}`);
      const colours = decoded.rgba.filter((_, index) => channels === 4 || index % 4 !== 3);
      deepEqual([...colours], [...data]);
    }),
    { numRuns: 30 },
  );
});

/** PNGs that this program does not write: name, file, pixels, whether it speaks of transparency. */
const FOREIGN: [name: string, base64: string, rgba: number[], hasAlpha: boolean][] = [
  [
    "a palette of two bits with transparency",
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAAAnRSTlP/gAgPs2oAAAAKSURBVHicY5AAAAAaABktiPQ2AAAAAElFTkSuQmCC",
    [255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 255],
    true,
  ],
  [
    "a palette of eight bits",
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAMAAAAsPuSGAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAADElEQVR4nGNgYGQCAAAIAAQ24LCmAAAAAElFTkSuQmCC",
    [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255],
    false,
  ],
  [
    "grey of one bit",
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAQAAAAAzmykZAAAACklEQVR4nGNwAAAAQgBBKTf07wAAAABJRU5ErkJggg==",
    [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 255],
    false,
  ],
  [
    "grey of eight bits",
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAAAAAA+i0toAAAADElEQVR4nGNgSDkBAAGUAS3P+bxAAAAAAElFTkSuQmCC",
    [0, 0, 0, 255, 100, 100, 100, 255, 200, 200, 200, 255],
    false,
  ],
  [
    "grey with alpha",
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGPgEpHTAAAAzQBlapmEQgAAAABJRU5ErkJggg==",
    [10, 10, 10, 20, 30, 30, 30, 40],
    true,
  ],
  [
    "sixteen bits",
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAIAAADA54+dAAAAD0lEQVR4nGMQMgmrmLUHAAYnAmsO3tV6AAAAAElFTkSuQmCC",
    [18, 86, 154, 255],
    false,
  ],
];

for (const [name, base64, rgba, hasAlpha] of FOREIGN) {
  Deno.test(`decodePng() reads ${name}`, () => {
    const decoded = decodePng(Uint8Array.fromBase64(base64));
    deepEqual([[...decoded.rgba], decoded.hasAlpha], [rgba, hasAlpha]);
  });
}

Deno.test("decodePng() refuses damaged and oversized files with Python's errors", async () => {
  const data = new Uint8Array(75).fill(9);
  const png = await encodePng({ width: 5, height: 5, data, channels: 3 });
  const damaged = png.slice();
  damaged[png.length - 20] = (damaged[png.length - 20] ?? 0) ^ 0xff;
  for (const bytes of [new Uint8Array(), png.slice(0, 20), png.slice(0, 50), damaged]) {
    throws(() => decodePng(bytes), { pythonType: "PIL.UnidentifiedImageError" });
  }
  const bomb = png.slice();
  new DataView(bomb.buffer).setUint32(16, 60_000);
  new DataView(bomb.buffer).setUint32(20, 60_000);
  throws(() => decodePng(bomb), { pythonType: "PIL.Image.DecompressionBombError" });
  deepEqual(decodePng(png).width, 5);
});
