import { equal, ok } from "node:assert/strict";
import { announcedKind, extensionFor, kindOf } from "../../../src/comfyui/files/kinds.ts";

function bytes(...parts: (string | number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? [...part].map((char) => char.charCodeAt(0)) : part
    ),
  );
}

const ZEROS = Array.from({ length: 16 }, () => 0);
const IEND = bytes([0, 0, 0, 0], "IEND", [0xae, 0x42, 0x60, 0x82]);
/** The parts of a PNG of one grey pixel; nobody looks at checksums here. */
const HEADER = [0, 0, 0, 13, ..."IHDR"].map((part) =>
  typeof part === "string" ? part.charCodeAt(0) : part
).concat([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
const DATA = [...bytes([0, 0, 0, 2], "IDAT", [0x78, 0x9c, 0, 0, 0, 0])];
const ANIMATION = [...bytes([0, 0, 0, 0], "acTL", [0, 0, 0, 0])];
const PNG = bytes("\x89PNG\r\n\x1a\n", HEADER, DATA, [...IEND]);
/** A frame of a JPEG, and the beginning of its scan. */
const FRAME = [0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0];
const SCAN = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
/** A frame of 32 kbit/s at 48 kHz, and an Ogg page that is the last. */
const MP3_FRAME = [0xff, 0xfb, 0x14, 0, ...Array.from({ length: 92 }, () => 0)];
const OGG_PAGE = bytes("OggS", [0, 4], ZEROS, ZEROS.slice(0, 4), [1, 8], "12345678");
const GLB = bytes("glTF", [2, 0, 0, 0, 24, 0, 0, 0, 4, 0, 0, 0], "JSON", "{}  ");
/** One pixel: the code that clears the table, the one of colour 0, and that of the end. */
const GIF_HEAD = [..."GIF89a"].map((char) => char.charCodeAt(0)).concat([1, 0, 1, 0, 0, 0, 0]);
const GIF_IMAGE = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
/** A box that describes a film without samples. */
const MOOV = [...bytes([0, 0, 0, 16], "moov", [0, 0, 0, 8], "free")];
const EBML_HEAD = [0x1a, 0x45, 0xdf, 0xa3, 0x82, 1, 2];
/** Without any track, and a cluster of a moment. */
const TRACKS = [0x16, 0x54, 0xae, 0x6b, 0x80];
const CLUSTER = [0x1f, 0x43, 0xb6, 0x75, 0x83, 0xe7, 0x81, 0];
/** What FLAC says of a sound of unknown length. */
const STREAMINFO = [0, 0, 0, 34, ...Array.from({ length: 34 }, () => 0)];
/** The head of a frame of VP8 of one pixel, whose first part has three bytes. */
const VP8 = [0x70, 0, 0, 0x9d, 1, 0x2a, 1, 0, 1, 0, 0, 0, 0, 0];
const VP8_CHUNK = bytes("VP8 ", [14, 0, 0, 0], VP8);
const WEBP = bytes("RIFF", [26, 0, 0, 0], "WEBP", [...VP8_CHUNK]);
/** A frame of one pixel at the corner. */
const ANMF = bytes("ANMF", [38, 0, 0, 0], ZEROS, [...VP8_CHUNK]);

/** A whole file of each kind, and how many bytes may be cut from it before that shows. */
const FILES: readonly [name: string, file: Uint8Array, kind: string, content: string][] = [
  ["a.png", PNG, "PNG", "still"],
  [
    "a.png",
    bytes("\x89PNG\r\n\x1a\n", HEADER, ANIMATION, DATA, [...IEND]),
    "animated PNG",
    "moving",
  ],
  ["a.webp", WEBP, "WEBP", "still"],
  [
    "a.webp",
    bytes("RIFF", [68, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 2], ZEROS.slice(0, 9), [...ANMF]),
    "animated WEBP",
    "moving",
  ],
  ["a.gif", bytes(GIF_HEAD, GIF_IMAGE, ";"), "GIF", "moving"],
  ["a.jpg", bytes([0xff, 0xd8], FRAME, SCAN, [1, 0xff, 0xd9]), "JPEG", "still"],
  ["a.bmp", bytes("BM", [30, 0, 0, 0], ZEROS, ZEROS.slice(0, 8)), "BMP", "still"],
  ["a.avif", bytes([0, 0, 0, 12], "ftypavif", [0, 0, 0, 8], "meta"), "AVIF", "still"],
  ["a.mp4", bytes([0, 0, 0, 12], "ftypisom", MOOV), "MPEG-4 film", "moving"],
  [
    "a.mov",
    bytes([0, 0, 0, 12], "ftypqt  ", MOOV),
    "QuickTime film",
    "moving",
  ],
  ["a.m4a", bytes([0, 0, 0, 12], "ftypM4A ", MOOV), "MPEG-4 sound", "sound"],
  [
    "a.webm",
    bytes(EBML_HEAD, [0x18, 0x53, 0x80, 0x67, 0x8d], TRACKS, CLUSTER),
    "WebM or Matroska film",
    "moving",
  ],
  ["a.wav", bytes("RIFF", [16, 0, 0, 0], "WAVEdata", [4, 0, 0, 0], "1234"), "WAV", "sound"],
  ["a.glb", GLB, "glTF model", "model"],
  ["a.mp3", bytes(MP3_FRAME, MP3_FRAME), "MP3", "sound"],
  ["a.ogg", OGG_PAGE, "Ogg sound", "sound"],
];

for (const [name, file, kind, content] of FILES) {
  Deno.test(`kindOf() knows a ${kind}, and notices wherever it is cut`, () => {
    equal(kindOf(file, name)?.name, kind);
    equal(kindOf(file, name)?.content, content);
    ok(kindOf(file, name)?.isWhole(file));
    for (const cut of [1, 2, 3]) {
      const rest = file.subarray(0, -cut);
      ok(kindOf(rest, name)?.isWhole(rest) !== true, `${cut} bytes are missing`);
    }
  });
}

Deno.test("kindOf() knows sounds by their beginning", () => {
  for (const [start, kind] of [["fLaC", "FLAC"], ["OggS", "Ogg sound"], ["ID3", "MP3"]] as const) {
    equal(kindOf(bytes(start, ZEROS), "a")?.name, kind);
  }
});

const PAGE = "<html>login</html>";

/** Files that begin, and some that end, as their kind does, but are not of it. */
const POSERS: readonly [what: string, file: Uint8Array][] = [
  ["a PNG whose middle is missing", bytes("\x89PNG\r\n\x1a\n", HEADER.slice(0, 20), [...IEND])],
  ["a PNG's ends alone", bytes("\x89PNG\r\n\x1a\n", [...IEND])],
  ["a page in a PNG's ends", bytes("\x89PNG\r\n\x1a\n", PAGE, [...IEND])],
  ["a PNG of three bits", bytes("\x89PNG\r\n\x1a\n", HEADER.with(16, 3), DATA, [...IEND])],
  [
    "a PNG of a colour of 4 bits",
    bytes("\x89PNG\r\n\x1a\n", HEADER.with(16, 4).with(17, 2), DATA, [...IEND]),
  ],
  ["a PNG of another compression", bytes("\x89PNG\r\n\x1a\n", HEADER.with(18, 1), DATA, [...IEND])],
  ["a PNG of other filters", bytes("\x89PNG\r\n\x1a\n", HEADER.with(19, 1), DATA, [...IEND])],
  [
    "a PNG interlaced in a third way",
    bytes("\x89PNG\r\n\x1a\n", HEADER.with(20, 2), DATA, [...IEND]),
  ],
  ["a PNG without data", bytes("\x89PNG\r\n\x1a\n", HEADER, [...IEND])],
  [
    "a PNG of more pixels than it can hold",
    bytes("\x89PNG\r\n\x1a\n", HEADER.with(8, 64).with(12, 64), DATA, [...IEND]),
  ],
  ["a JPEG without a frame", bytes([0xff, 0xd8, 0xff, 0xff, 0xd9])],
  ["a page in a JPEG's ends", bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0], PAGE, [0xff, 0xd9])],
  ["a page in a GIF's ends", bytes("GIF89a", [1, 0, 1, 0, 0, 0, 0], PAGE, ";")],
  ["a WEBP without a chunk", bytes("RIFF", [4, 0, 0, 0], "WEBP")],
  ["a BMP that says it has no bytes", bytes("BM", [0, 0, 0, 0], PAGE, ZEROS)],
  ["a page after a TIFF's first bytes", bytes("II*\0", PAGE)],
  ["a TIFF of which the directory is missing", bytes("II*\0", [100, 0, 0, 0], ZEROS)],
  ["a page after an EXR's first bytes", bytes([0x76, 0x2f, 0x31, 0x01], PAGE)],
  ["a page after FLAC's first bytes", bytes("fLaC", PAGE)],
  ["FLAC's first bytes alone", bytes("fLaC")],
  ["a page after Ogg's first bytes", bytes("OggS", PAGE, ZEROS)],
  ["an Ogg page that is cut", bytes("OggS", ZEROS, ZEROS.slice(0, 6), [1, 9], "12345678")],
  ["a page after an MP3 tag's first bytes", bytes("ID3", PAGE)],
  ["an MP3 tag that is cut", bytes("ID3", [4, 0, 0, 0, 0, 1, 0], "123")],
  ["a page after a glTF's first bytes", bytes("glTF", [2, 0, 0, 0, 255, 0, 0, 0], PAGE)],
  ["a glTF's first bytes alone", bytes("glTF")],
  ["a glTF that is longer than it says", bytes([...GLB], PAGE)],
  ["a page as a glTF's chunk", bytes("glTF", [2, 0, 0, 0, 30, 0, 0, 0], PAGE)],
  ["a page in a WEBP's head", bytes("RIFF", [22, 0, 0, 0], "WEBP", PAGE)],
  ["a page in a WEBP's head of any size", bytes("RIFF1234WEBP", PAGE)],
  ["a WEBP that says it has no bytes", bytes("RIFF", [0, 0, 0, 0], "WEBPVP8 ", ZEROS)],
  ["a page in a WAV's head", bytes("RIFF", [22, 0, 0, 0], "WAVE", PAGE)],
  ["a page in an AVI's head", bytes("RIFF", [22, 0, 0, 0], "AVI ", PAGE)],
  ["a film that is its first box alone", bytes([0, 0, 0, 16], "ftypisom", [0, 0, 0, 0])],
  ["a page after a film's first box", bytes([0, 0, 0, 12], "ftypisom", PAGE)],
  ["an AVIF that is its first box alone", bytes([0, 0, 0, 16], "ftypavif", [0, 0, 0, 0])],
  ["a WebM's head alone", bytes([0x1a, 0x45, 0xdf, 0xa3, 0x82, 1, 2])],
  ["a page after a WebM's head", bytes([0x1a, 0x45, 0xdf, 0xa3, 0x82, 1, 2], PAGE)],
  ["a page after FLAC's description", bytes("fLaC", [0x80, 0, 0, 0], PAGE)],
  ["an Ogg that ends before its last page", OGG_PAGE.with(5, 2)],
  ["a page after an MP3's first bytes", bytes([0xff, 0xfb], PAGE)],
  ["an error after an MP3's first bytes", bytes([0xff, 0xfb], '{"error": "no such file"}')],
  ["a page after an MP3's tag", bytes("ID3", [4, 0, 0, 0, 0, 0, 0], PAGE)],
  ["an MP3 whose last frame is cut", bytes(MP3_FRAME, MP3_FRAME.slice(0, 90))],
];

for (const [what, file] of POSERS) {
  Deno.test(`isWhole() is not deceived by ${what}`, () => {
    const kind = kindOf(file, "a");
    ok(kind !== undefined, "it begins as its kind does");
    ok(!kind.isWhole(file));
  });
}

/** A TIFF of two bytes of pixels, of either byte order. */
function tiff(isLittle: boolean): Uint8Array {
  const word = (value: number) => isLittle ? [value, 0] : [0, value];
  const long = (value: number) => isLittle ? [value, 0, 0, 0] : [0, 0, 0, value];
  const entries = [[273, 4, 8], [279, 4, 2]].map(([tag, type, value]) => [
    ...(isLittle ? [tag! - 256, 1] : [1, tag! - 256]),
    ...word(type!),
    ...long(1),
    ...long(value!),
  ]);
  const start = isLittle ? "II*\0" : "MM\0*";
  return bytes(start, long(10), "px", word(2), ...entries, long(0));
}

Deno.test("a TIFF is whole if its directory and pixels lie within it, whatever its byte order", () => {
  for (const file of [tiff(true), tiff(false)]) {
    ok(kindOf(file, "a")?.isWhole(file));
    ok(!kindOf(file, "a")?.isWhole(file.slice(0, 20)), "the directory is cut");
    const beyond = file.map((byte) => byte === 8 ? 100 : byte);
    ok(!kindOf(beyond, "a")?.isWhole(beyond), "the pixels lie beyond the end");
  }
});

Deno.test("sounds are whole whose parts reach no further than the file", () => {
  const sounds = [
    bytes("fLaC", [0x80], STREAMINFO.slice(1)),
    bytes("ID3", [4, 0, 0, 0, 0, 0, 3], "123", MP3_FRAME),
    bytes("ID3", [3, 0, 0, 0, 0, 0, 0], ZEROS, MP3_FRAME, MP3_FRAME, "TAG", ZEROS),
    // Of 8 kbit/s at 24 kHz, 24 bytes each.
    bytes(...[1, 2].map(() => [0xff, 0xf3, 0x14, 0, ...ZEROS, 0, 0, 0, 0])),
    // A free bit rate, whose frames cannot be told apart.
    bytes([0xff, 0xfb], ZEROS),
    // Written to a stream: the length was not known.
    bytes("RIFF", [255, 255, 255, 255], "WAVEdata", [255, 255, 255, 255], ZEROS),
    bytes([...OGG_PAGE.with(5, 2)], [...OGG_PAGE.with(18, 1)]),
  ];
  for (const sound of sounds) ok(kindOf(sound, "a")?.isWhole(sound));
});

Deno.test("kindOf() takes no page, script or program for anything", () => {
  const texts = [
    "<html>login</html>",
    "\n <!DOCTYPE html>",
    "<script>",
    "\0\x01\x02",
    "",
    "MZ\x90",
  ];
  for (const text of texts) {
    for (const name of ["a.webp", "a.html", "a", "a.txt", "a.svg", "a.exe", "a.png.txt"]) {
      equal(kindOf(bytes(text), name), undefined, `${name}: ${text}`);
    }
  }
});

Deno.test("kindOf() takes a plain text for one only if its name says so", () => {
  const text = bytes("A caption\n");
  equal(kindOf(text, "a.txt")?.name, "text");
  equal(kindOf(text, "a.webp"), undefined);
  equal(kindOf(bytes("\xff\xfe"), "a.txt"), undefined);
});

Deno.test("a WEBP whose writer counted its header too is whole", () => {
  const file = bytes("RIFF", [34, 0, 0, 0], "WEBP", [...VP8_CHUNK]);
  ok(kindOf(file, "a.webp")?.isWhole(file));
});

Deno.test("a film without the box that describes it is not whole", () => {
  const film = bytes([0, 0, 0, 12], "ftypisom", [0, 0, 0, 12], "mdat1234");
  ok(!kindOf(film, "a.mp4")?.isWhole(film));
});

Deno.test("sizes that lie do not make the check run on or fall over", () => {
  const huge = [0xff, 0xff, 0xff, 0xff];
  const files = [
    bytes([0, 0, 0, 12], "ftypisom", huge, "moov"),
    bytes([0, 0, 0, 12], "ftypisom", [0, 0, 0, 1], "mdat", huge, huge),
    bytes([0, 0, 0, 12], "ftypisom", [0, 0, 0, 4], "moov"),
    bytes([0x1a, 0x45, 0xdf, 0xa3, 0x01], huge, huge.slice(1, 3), [0]),
    bytes([0x1a, 0x45, 0xdf, 0xa3, 0]),
    bytes("RIFF", huge, "WEBP"),
    bytes("glTF", [2, 0, 0, 0], huge),
  ];
  for (const file of files) ok(!kindOf(file, "a")?.isWhole(file));
});

Deno.test("extensionFor() keeps an extension that fits, and gives others that of the kind", () => {
  const png = kindOf(PNG, "a")!;
  equal(extensionFor(png, "a.png"), "png");
  equal(extensionFor(png, "a.PNG"), "png");
  equal(extensionFor(png, "a.webp"), "png");
  equal(extensionFor(png, "a"), "png");
  const jpeg = kindOf(bytes([0xff, 0xd8, 0xff]), "a")!;
  equal(extensionFor(jpeg, "a.jpeg"), "jpeg");
  equal(announcedKind("a.mkv"), "WebM or Matroska film");
  equal(announcedKind("a.latent"), undefined);
});

Deno.test("a PNG or GIF without pixels is told from one that has some", () => {
  const png = (wide: number, high: number) =>
    bytes("\x89PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 0, 0, wide, 0, 0, 0, high], [...IEND]);
  const gif = (wide: number, high: number) => bytes("GIF89a", [wide, 0, high, 0], ";");
  for (const file of [png, gif]) {
    for (const [wide, high] of [[0, 0], [1, 0], [0, 1]] as const) {
      equal(kindOf(file(wide, high), "a")?.hasPixels?.(file(wide, high)), false);
    }
    ok(kindOf(file(1, 2), "a")?.hasPixels?.(file(1, 2)));
  }
  const headless = bytes("\x89PNG\r\n\x1a\n", DATA, [...IEND]);
  equal(kindOf(headless, "a.png")?.hasPixels?.(headless), false, "its first chunk is no IHDR");
});
