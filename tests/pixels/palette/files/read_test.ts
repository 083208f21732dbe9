import { deepEqual, equal, throws } from "node:assert/strict";
import { paletteOfImage, readPalette } from "../../../../src/pixels/mod.ts";

const COLORS = [255, 0, 77, 0, 135, 81, 29, 43, 83];

/** The same three colours in each format that is text. */
const TEXTS: Readonly<Record<string, string>> = {
  "a.hex": "ff004d\n008751\n1d2b53\n",
  "windows.hex": "FF004D\r\n#008751\r\n\r\n1D2B53",
  "a.gpl":
    "GIMP Palette\nName: three\nColumns: 3\n#\n255   0  77\tRed\n  0 135  81\tGreen\n 29  43  83\n",
  "a.pal": "JASC-PAL\r\n0100\r\n3\r\n255 0 77\r\n0 135 81\r\n29 43 83\r\n",
  "a.txt": ";paint.net Palette File\n;Colors: 3\nFFFF004D\nFF008751\nFF1D2B53\n",
};

for (const [name, text] of Object.entries(TEXTS)) {
  Deno.test(`readPalette() reads ${name}`, () => {
    const palette = readPalette(new TextEncoder().encode(text), name);
    deepEqual([palette.name, [...palette.colors]], [name, COLORS]);
  });
}

Deno.test("readPalette() reads Adobe's swatches, with their groups and greys", () => {
  const blocks = [
    block(0xc001, [0, 2, 0, 0x61, 0, 0]),
    colorBlock("RGB ", [1, 0, 77 / 255]),
    colorBlock("RGB ", [0, 135 / 255, 81 / 255]),
    block(0xc002, []),
    colorBlock("Gray", [0.5]),
  ];
  const { colors } = readPalette(ase(blocks), "a.ase");
  deepEqual([...colors], [...COLORS.slice(0, 6), 128, 128, 128]);
});

Deno.test("readPalette() counts a colour once, however often it stands there", () => {
  const { colors } = readPalette(new TextEncoder().encode("ff0000\n00ff00\nff0000\n"), "twice");
  deepEqual([...colors], [255, 0, 0, 0, 255, 0]);
});

Deno.test("readPalette() refuses whatever is no palette, and says what it may be", () => {
  const bad: (string | Uint8Array)[] = [
    "",
    "\n\n",
    "; only a comment",
    "hello",
    "ff00",
    "ff00zz",
    "GIMP Palette\n255 0\n",
    "GIMP Palette\n256 0 0\n",
    "JASC-PAL\n0100\n1\n1 2 x\n",
    ase([colorBlock("CMYK", [0, 0, 0, 0])]),
    ase([colorBlock("RGB ", [2, 0, 0])]),
    ase([colorBlock("RGB ", [NaN, 0, 0])]),
    ase([colorBlock("RGB ", [1, 0, 0])]).subarray(0, -3),
    new TextEncoder().encode("ASEF\0\x01\0\0\xff\xff\xff\xff"),
    new Uint8Array([0, 0, 0, 0, 0xe0, 0xa5]),
    Array.from({ length: 257 }, (_, n) => n.toString(16).padStart(6, "0")).join("\n"),
    new Uint8Array(2 ** 20 + 1),
  ];
  for (const file of bad) {
    const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
    throws(() => readPalette(bytes, "bad"), {
      code: "invalid_value",
      message: /Cannot read the palette bad: /,
    });
  }
});

Deno.test("readPalette() says what is wrong, and in which line", () => {
  const cases: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ["ff0000\n\n;x\n#fff\n", /line 4 is no colour such as ff004d$/],
    ["GIMP Palette\nName: x\n# c\n256 0 0 red\n", /line 4 is not three numbers from 0 to 255$/],
    ["JASC-PAL\n0100\n1\n1 2 x\n", /line 4 is not three/],
    ["no palette", /it is none of the formats/],
    [ase([colorBlock("CMYK", [0, 0, 0, 0])]), /colours that are neither RGB nor grey$/],
    [ase([colorBlock("RGB ", [1, 0, 0])]).subarray(0, -3), /it is damaged$/],
  ];
  for (const [file, message] of cases) {
    const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
    throws(() => readPalette(bytes, "bad"), { message });
  }
});

Deno.test("paletteOfImage() takes colours in the order in which they come, but not what is transparent", () => {
  const data = new Uint8Array([9, 9, 9, 255, 1, 2, 3, 0, 4, 5, 6, 255, 9, 9, 9, 255]);
  deepEqual([...paletteOfImage({ width: 2, height: 2, data }, "image").colors], [9, 9, 9, 4, 5, 6]);
  throws(
    () => paletteOfImage({ width: 1, height: 1, data: new Uint8Array(4) }, "clear"),
    /has no colours/,
  );
  const many = Uint8Array.from(
    { length: 257 * 4 },
    (_, at) => [at >> 2, at >> 10, 0, 255][at & 3]!,
  );
  throws(
    () => paletteOfImage({ width: 257, height: 1, data: many }, "many"),
    /more than 256 colours/,
  );
  equal(
    paletteOfImage({ width: 256, height: 1, data: many.subarray(0, 1024) }, "full").colors.length,
    768,
  );
});

function ase(blocks: readonly number[][]): Uint8Array {
  return Uint8Array.from([
    ..."ASEF".split("").map((c) => c.charCodeAt(0)),
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    blocks.length,
    ...blocks.flat(),
  ]);
}

function block(type: number, data: readonly number[]): number[] {
  return [type >> 8, type & 255, 0, 0, 0, data.length, ...data];
}

function colorBlock(model: string, values: readonly number[]): number[] {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => view.setFloat32(index * 4, value));
  const floats = new Uint8Array(view.buffer);
  return block(1, [
    0,
    2,
    0,
    0x61,
    0,
    0,
    ...model.split("").map((c) => c.charCodeAt(0)),
    ...floats,
    0,
    2,
  ]);
}
