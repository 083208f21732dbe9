import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { decodePng } from "../../src/images/mod.ts";
import { concatenate, encodeChunk, PNG_SIGNATURE, readChunks } from "../../src/images/chunks.ts";

/** Five by three pixels as ImageMagick 6.9 and Pillow 9.4 write them, and as ImageMagick reads them. */
const FILES: readonly (readonly [what: string, png: string, rgba: string])[] = [
  [
    "colours, interlaced",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAAGjU2I5AAAAOUlEQVQI1wXBuwFAQAAFsJzPFWq1Wm0SQ9jB2dAkarXmSQRJkFK6vtZ6tZOY5sUw1u99YN3bfWxB/Ij2DuNaoOlAAAAAAElFTkSuQmCC",
    "ff0000ff00ff00ff0000ffff0a141effffffffff000000ff285078ffc86432ffff0000ff00ff00ff010203ff040506ff070809fffaf0e6ff808080ff",
  ],
  [
    "colours of which one is transparent",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAABnRSTlMA/wAAAACkwsAdAAAAMUlEQVR4nGP4z8DA8J+BgeE/l4jc////GRgYGDQCKk6kGEEkGBmZmCHg84u7bRNmAQBjNQ8EBqCTTQAAAABJRU5ErkJggg==",
    "ff00000000ff00ff0000ffff0a141effffffffff000000ff285078ffc86432ffff00000000ff00ff010203ff040506ff070809fffaf0e6ff808080ff",
  ],
  [
    "greys of 16 bits, interlaced",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADEAAAAAFZynbxAAAALklEQVQI12MwK2D4/59BqJqR8R4bW+Uchu0iQqsZWB5+imRmYPBaE3jid+KcOwDlhA3RBpQ2VgAAAABJRU5ErkJggg==",
    "363636ffb6b6b6ff121212ff121212ffffffffff000000ff4a4a4aff757575ff363636ffb6b6b6ff010101ff040404ff070707fff1f1f1ff808080ff",
  ],
  [
    "greys of 4 bits",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADBAAAAAC7rXclAAAAFElEQVQI12OwEvzAwJK8gIGBrwAAEb4CwRgsZjQAAAAASUVORK5CYII=",
    "333333ffaaaaaaff111111ff111111ffffffffff000000ff444444ff666666ff333333ffaaaaaaff000000ff000000ff000000ffeeeeeeff777777ff",
  ],
  [
    "black and white, interlaced",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADAQAAAAEESsjDAAAAFElEQVQI12NgYGhgYGBQAJIODBoACdYBiUVsAs8AAAAASUVORK5CYII=",
    "000000ffffffffff000000ff000000ffffffffff000000ff000000ffffffffff000000ffffffffff000000ff000000ff000000ffffffffffffffffff",
  ],
  [
    "greys with alpha",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAQAAADxPw1zAAAAKUlEQVQI12M0S2tgiGFgYHjLwPzU+D2DO8NnBhkGRsY0ZgZmhlcM/QwAiGMHrvLTWHYAAAAASUVORK5CYII=",
    "36363666b6b6b6661212126612121266ffffff66000000664a4a4a667575756636363666b6b6b666010101660404046607070766f1f1f16680808066",
  ],
  [
    "a palette of 2 bits, interlaced",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADAgMAAAFRXx39AAAADFBMVEXsIRAAqlUKExzTz8yfwX00AAAAF0lEQVQI12NgYDjA4MCwhiGBYQPDAgcAF28DneynTmIAAAAASUVORK5CYII=",
    "ec2110ff00aa55ff00aa55ff0a131cffd3cfccff0a131cff0a131cffec2110ffec2110ff00aa55ff0a131cff0a131cff0a131cffd3cfccffd3cfccff",
  ],
];

for (const [what, png, rgba] of FILES) {
  Deno.test(`decodePng() reads ${what}`, () => {
    const { width, height, data } = decodePng(Uint8Array.fromBase64(png));
    deepEqual([width, height], [5, 3]);
    // ImageMagick rounds sixteen bits its own way.
    const most = what.includes("16 bits") ? 1 : 0;
    const wanted = Uint8Array.fromHex(rgba);
    equal(data.length, wanted.length);
    ok(data.every((level, at) => Math.abs(level - wanted[at]!) <= most), data.toHex());
  });
}

Deno.test("decodePng() refuses headers that no PNG may have, and palettes that are missing or too short", () => {
  const png = Uint8Array.fromBase64(FILES.at(-1)![1]);
  const chunks = readChunks(png);
  const rebuilt = (change: (type: string, data: Uint8Array) => Uint8Array | undefined) =>
    concatenate([
      PNG_SIGNATURE,
      ...chunks.flatMap(({ type, data }) => {
        const changed = change(type, data.slice());
        return changed === undefined ? [] : [encodeChunk(type, changed)];
      }),
    ]);
  const header = (at: number, value: number) =>
    rebuilt((type, data) => {
      if (type === "IHDR") data[at] = value;
      return data;
    });
  const bad = [
    header(8, 3), // depth
    header(8, 16), // depth of a palette
    header(9, 1), // colour type
    header(9, 5),
    header(10, 1), // compression
    header(11, 1), // filter method
    header(12, 2), // interlacing
    rebuilt((type, data) => type === "PLTE" ? undefined : data),
    rebuilt((type, data) => type === "PLTE" ? data.subarray(0, 3) : data),
    rebuilt((type, data) => type === "PLTE" ? data.subarray(0, 4) : data),
    rebuilt((type, data) => type === "IDAT" ? undefined : data),
  ];
  for (const [index, file] of bad.entries()) {
    throws(() => decodePng(file), { name: "ImageError", code: "damaged" }, `file ${index}`);
  }
});
