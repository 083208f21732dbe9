import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import {
  decodePng,
  encodePng,
  pngTextParts,
  readPngText,
  withPngText,
} from "../../src/images/mod.ts";
import { concatenate, encodeChunk, readChunks } from "../../src/images/chunks.ts";
import { plain } from "./support.ts";

const IMAGE = plain(3, 2, [1, 2, 3, 255]);

Deno.test("withPngText() adds what readPngText() reads, whatever the letters", async () => {
  const png = await encodePng(IMAGE);
  const property = fc.property(fc.string({ unit: "grapheme" }), (value) => {
    deepEqual(readPngText(withPngText(png, { parameters: value })), { parameters: value });
  });
  fc.assert(property, { numRuns: 300 });
  for (const value of ["", "a\0b", "ÿ", "Ā", "🗡", "line\nline"]) {
    deepEqual(readPngText(withPngText(png, { k: value })), { k: value });
  }
});

Deno.test("withPngText() leaves every other chunk as it is, and stands before the pixels", async () => {
  const png = await encodePng(IMAGE, { prompt: "{}", workflow: "🗡" });
  const changed = withPngText(png, { parameters: "x" });
  const types = readChunks(changed).map(({ type }) => type);
  deepEqual(types, ["IHDR", "tEXt", "iTXt", "tEXt", "IDAT", "IEND"]);
  const others = readChunks(changed).filter((_, index) => index !== 3).map(({ bytes }) => bytes);
  deepEqual(others, readChunks(png).map(({ bytes }) => bytes));
  deepEqual(decodePng(changed).data, IMAGE.data);
  deepEqual(decodePng(changed).text, { prompt: "{}", workflow: "🗡", parameters: "x" });
});

Deno.test("withPngText() replaces a text with the same keyword, of any kind", async () => {
  const png = await encodePng(IMAGE, { parameters: "old", prompt: "kept" });
  const packed = encodeChunk("zTXt", new TextEncoder().encode("parameters\0\0xyz"));
  const foreign = concatenate([png.subarray(0, 33), packed, png.subarray(33)]);
  deepEqual(readPngText(foreign), { parameters: "old", prompt: "kept" });
  const changed = withPngText(foreign, { parameters: "🗡" });
  deepEqual(readPngText(changed), { prompt: "kept", parameters: "🗡" });
  const types = readChunks(changed).map(({ type }) => type);
  deepEqual(types, ["IHDR", "tEXt", "iTXt", "IDAT", "IEND"]);
});

Deno.test("withPngText() writes Latin-1 as the text chunk that every reader knows", async () => {
  const changed = withPngText(await encodePng(IMAGE), { parameters: "é" });
  const chunk = readChunks(changed)[1]!;
  equal(chunk.type, "tEXt");
  deepEqual([...chunk.data], [...new TextEncoder().encode("parameters"), 0, 0xe9]);
});

Deno.test("withPngText() refuses keywords that PNG does not allow", async () => {
  const png = await encodePng(IMAGE);
  for (const keyword of ["", " a", "a ", "a  b", "a\0b", "Ā", "x".repeat(80), "a\nb"]) {
    throws(() => withPngText(png, { [keyword]: "x" }), RangeError, keyword);
  }
});

Deno.test("withPngText() and readPngText() refuse what is no whole PNG", async () => {
  const png = await encodePng(IMAGE);
  const noHeader = concatenate([png.subarray(0, 8), png.subarray(33)]);
  for (const bytes of [new Uint8Array(), png.subarray(0, -1), png.subarray(1), noHeader]) {
    throws(() => withPngText(bytes, { a: "b" }), { name: "ImageError", code: "damaged" });
    throws(() => readPngText(bytes), { name: "ImageError", code: "damaged" });
  }
});

Deno.test("readPngText() passes over text chunks that are cut short", async () => {
  const png = await encodePng(IMAGE);
  for (const [type, data] of [["tEXt", "nothing"], ["iTXt", "k\0\0\0"], ["iTXt", "k\0\0\0en"]]) {
    const chunk = encodeChunk(type!, new TextEncoder().encode(data));
    const odd = concatenate([png.subarray(0, 33), chunk, png.subarray(33)]);
    deepEqual(readPngText(odd), {});
  }
});

/** A file with further chunks behind its header. */
async function withChunks(...chunks: [type: string, data: Uint8Array][]): Promise<Uint8Array> {
  const png = await encodePng(IMAGE);
  const parts = chunks.map(([type, data]) => encodeChunk(type, data));
  return concatenate([png.subarray(0, 33), ...parts, png.subarray(33)]);
}

function bytes(...parts: (string | Uint8Array)[]): Uint8Array {
  return concatenate(
    parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : part),
  );
}

Deno.test("readPngText() reads compressed texts, and passes over bad ones", async () => {
  const packed = (text: Uint8Array) => new Uint8Array(deflateSync(text));
  const png = await withChunks(
    ["zTXt", bytes("Comment\0\0", packed(Uint8Array.of(0x61, 0xe9)))],
    ["iTXt", bytes("Title\0\u0001\0ja\0t\0", packed(bytes("日本 €")))],
    ["zTXt", bytes("bad\0\0", "no deflate")],
    ["zTXt", bytes("method\0\u0001", packed(bytes("x")))],
    ["iTXt", bytes("cut\0\u0001\0\0\0", packed(bytes("x".repeat(99))).subarray(0, 5))],
  );
  deepEqual(readPngText(png), { Comment: "aé", Title: "日本 €" });
});

Deno.test("readPngText() unpacks no more than a bound, over all texts together", async () => {
  const half = new Uint8Array(deflateSync(new Uint8Array(2 ** 21).fill(97)));
  const one = new Uint8Array(deflateSync(new Uint8Array(2 ** 23).fill(97)));
  const png = await withChunks(
    ["zTXt", bytes("bomb\0\0", one)],
    ...["a", "b", "c"].map((key): [string, Uint8Array] => ["zTXt", bytes(`${key}\0\0`, half)]),
    ["tEXt", bytes("d\0kept")],
  );
  deepEqual(Object.keys(readPngText(png)), ["a", "b", "d"]);
});

Deno.test("What readPngText() reads can be written again, byte for byte", async () => {
  const all = Uint8Array.from({ length: 255 }, (_, at) => at + 1);
  const png = await withChunks(
    ["tEXt", bytes("all\0", all)],
    ["tEXt", bytes(" bad \0x")],
    ["tEXt", bytes("\0empty")],
    ["tEXt", bytes("k".repeat(80), "\0long")],
    ["tEXt", bytes("a\nb\0line")],
  );
  const text = readPngText(png);
  deepEqual(Object.keys(text), ["all"]);
  const again = readChunks(await encodePng(IMAGE, text))[1]!;
  deepEqual([again.type, again.data.subarray(4)], ["tEXt", all]);
});

Deno.test("pngTextParts() copies no pixels, unless a text behind them has to go", async () => {
  const png = await encodePng(IMAGE);
  const [, pixels] = pngTextParts(png, { parameters: "x" });
  equal(pixels?.buffer, png.buffer);
  const [end] = readChunks(png).slice(-1);
  const behind = concatenate([
    png.subarray(0, -(end?.bytes.length ?? 0)),
    encodeChunk("tEXt", new TextEncoder().encode("parameters\0old")),
    end?.bytes ?? new Uint8Array(),
  ]);
  const parts = pngTextParts(behind, { parameters: "x" });
  notEqual(parts[1]?.buffer, behind.buffer);
  deepEqual(concatenate(parts), withPngText(png, { parameters: "x" }));
});
