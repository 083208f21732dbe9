/** What kind of file some bytes are, by their signature, and whether their end is there (pure). */

import { isWholeGlb, isWholeRiff, pngHead, textAt } from "./containers.ts";
import { isWholeExr } from "./exr.ts";
import { isWholeFlac } from "./flac.ts";
import { isWholeGif } from "./gif.ts";
import { isWholeAvif, isWholeFilm } from "./iso.ts";
import { isWholeJpeg } from "./jpeg.ts";
import { isWholeMatroska } from "./matroska.ts";
import { isWholeMp3, isWholeOgg } from "./sounds.ts";
import { isWholeBmp, isWholePng, isWholeTiff } from "./stills.ts";
import { isWholeWebp } from "./webp.ts";

/** A kind of file that a graph can give. */
export interface FileKind {
  /** Extension without the dot. */
  readonly extension: string;
  /** Name for people. */
  readonly name: string;
  /** `still` images can be put together to sheets; `moving` ones hold an animation of their own. */
  readonly content: "still" | "moving" | "sound" | "model" | "text";
  /** Further extensions that files of this kind have. */
  readonly others?: readonly string[];
  /** True if the bytes begin as this kind does. */
  isLike(bytes: Uint8Array): boolean;
  /** False if the end is missing, as far as the format allows to tell. */
  isWhole(bytes: Uint8Array): boolean;
  /** False for an image without any, of a kind that is looked at so. */
  hasPixels?(bytes: Uint8Array): boolean;
}

/** The chunk that ends every PNG. */
const PNG_END = "\0\0\0\0IEND\xae\x42\x60\x82";

/** Chunk of a PNG that holds an animation; it comes before the first image data. */
const APNG_MARK = "acTL";

/** Where a WEBP tells whether it is animated: the flags of its first chunk, if that is `VP8X`. */
const WEBP_FLAGS_AT = 20;
const WEBP_ANIMATED = 0x02;

/** A text is looked at this far to be sure that it is one, in bytes. */
const TEXT_HEAD_BYTES = 4_096;

/** For formats that do not tell where they end. */
function always(): boolean {
  return true;
}

/** The kinds, the more special ones first. */
const KINDS: readonly FileKind[] = [
  {
    extension: "png",
    name: "animated PNG",
    content: "moving",
    others: ["apng"],
    isLike: (bytes) => isPng(bytes) && textAt(bytes, 0, 256).includes(APNG_MARK),
    isWhole: (bytes) => endsWith(bytes, PNG_END) && isWholePng(bytes),
    hasPixels: hasPngPixels,
  },
  {
    extension: "png",
    name: "PNG",
    content: "still",
    others: ["apng"],
    isLike: isPng,
    isWhole: (bytes) => endsWith(bytes, PNG_END) && isWholePng(bytes),
    hasPixels: hasPngPixels,
  },
  {
    extension: "webp",
    name: "animated WEBP",
    content: "moving",
    isLike: (bytes) => isRiff(bytes, "WEBP") && isAnimatedWebp(bytes),
    isWhole: (bytes) => isWholeRiff(bytes) && isWholeWebp(bytes),
  },
  {
    extension: "webp",
    name: "WEBP",
    content: "still",
    isLike: (bytes) => isRiff(bytes, "WEBP"),
    isWhole: (bytes) => isWholeRiff(bytes) && isWholeWebp(bytes),
  },
  {
    extension: "gif",
    name: "GIF",
    content: "moving",
    isLike: (bytes) => /^GIF8[79]a/.test(textAt(bytes, 0, 6)),
    isWhole: isWholeGif,
    hasPixels: hasGifPixels,
  },
  {
    extension: "jpg",
    name: "JPEG",
    content: "still",
    others: ["jpeg", "jpe", "jfif"],
    isLike: (bytes) => textAt(bytes, 0, 3) === "\xff\xd8\xff",
    isWhole: isWholeJpeg,
  },
  {
    extension: "avif",
    name: "AVIF",
    content: "still",
    isLike: (bytes) => /^avi[fs]$/.test(brandOf(bytes)),
    isWhole: isWholeAvif,
  },
  {
    extension: "bmp",
    name: "BMP",
    content: "still",
    isLike: (bytes) => textAt(bytes, 0, 2) === "BM" && bytes.length > 26,
    isWhole: isWholeBmp,
  },
  {
    extension: "tiff",
    name: "TIFF",
    content: "still",
    others: ["tif"],
    isLike: (bytes) => /^(?:II\*\0|MM\0\*)$/.test(textAt(bytes, 0, 4)),
    isWhole: isWholeTiff,
  },
  {
    extension: "exr",
    name: "OpenEXR",
    content: "still",
    isLike: (bytes) => textAt(bytes, 0, 4) === "\x76\x2f\x31\x01",
    isWhole: isWholeExr,
  },
  {
    extension: "m4a",
    name: "MPEG-4 sound",
    content: "sound",
    isLike: (bytes) => brandOf(bytes) === "M4A ",
    isWhole: isWholeFilm,
  },
  {
    extension: "mov",
    name: "QuickTime film",
    content: "moving",
    isLike: (bytes) => brandOf(bytes) === "qt  ",
    isWhole: isWholeFilm,
  },
  {
    extension: "mp4",
    name: "MPEG-4 film",
    content: "moving",
    others: ["m4v"],
    isLike: (bytes) => brandOf(bytes) !== "",
    isWhole: isWholeFilm,
  },
  {
    extension: "webm",
    name: "WebM or Matroska film",
    content: "moving",
    others: ["mkv"],
    isLike: (bytes) => textAt(bytes, 0, 4) === "\x1a\x45\xdf\xa3",
    isWhole: isWholeMatroska,
  },
  {
    extension: "avi",
    name: "AVI film",
    content: "moving",
    isLike: (bytes) => isRiff(bytes, "AVI "),
    isWhole: isWholeRiff,
  },
  {
    extension: "wav",
    name: "WAV",
    content: "sound",
    isLike: (bytes) => isRiff(bytes, "WAVE"),
    isWhole: isWholeRiff,
  },
  {
    extension: "flac",
    name: "FLAC",
    content: "sound",
    isLike: (bytes) => textAt(bytes, 0, 4) === "fLaC",
    isWhole: isWholeFlac,
  },
  {
    extension: "ogg",
    name: "Ogg sound",
    content: "sound",
    others: ["opus", "oga"],
    isLike: (bytes) => textAt(bytes, 0, 4) === "OggS",
    isWhole: isWholeOgg,
  },
  {
    extension: "mp3",
    name: "MP3",
    content: "sound",
    isLike: (bytes) => /^(?:ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/.test(textAt(bytes, 0, 3)),
    isWhole: isWholeMp3,
  },
  {
    extension: "glb",
    name: "glTF model",
    content: "model",
    isLike: (bytes) => textAt(bytes, 0, 4) === "glTF",
    isWhole: isWholeGlb,
  },
];

/** A text has no signature: its name says that it is one, and nothing in it speaks against that. */
const TEXT: FileKind = {
  extension: "txt",
  name: "text",
  content: "text",
  others: ["md", "csv", "srt"],
  isLike: isPlainText,
  isWhole: always,
};

/** The kind of a file; undefined for one that is none of those that are delivered. */
export function kindOf(bytes: Uint8Array, filename: string): FileKind | undefined {
  const kind = KINDS.find((candidate) => candidate.isLike(bytes));
  if (kind !== undefined) return kind;
  return fits(TEXT, extensionOf(filename)) && TEXT.isLike(bytes) ? TEXT : undefined;
}

/** The extension that a file of a kind is to have: its own, if that fits what is in it. */
export function extensionFor(kind: FileKind, filename: string): string {
  const own = extensionOf(filename);
  return fits(kind, own) ? own : kind.extension;
}

/** Name for people of the kind that a file name announces; undefined for other names. */
export function announcedKind(filename: string): string | undefined {
  const own = extensionOf(filename);
  return [...KINDS, TEXT].findLast((kind) => fits(kind, own))?.name;
}

function fits(kind: FileKind, extension: string): boolean {
  return extension === kind.extension || (kind.others?.includes(extension) ?? false);
}

function extensionOf(filename: string): string {
  return /\.([A-Za-z0-9]{1,5})$/.exec(filename)?.[1]?.toLowerCase() ?? "";
}

function isPng(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 8) === "\x89PNG\r\n\x1a\n";
}

function hasPngPixels(bytes: Uint8Array): boolean {
  const { width = 0, height = 0 } = pngHead(bytes) ?? {};
  return width > 0 && height > 0;
}

/** The screen of a GIF; its two numbers come first (GIF89a, 18). */
function hasGifPixels(bytes: Uint8Array): boolean {
  return textAt(bytes, 6, 2) !== "\0\0" && textAt(bytes, 8, 2) !== "\0\0";
}

function isRiff(bytes: Uint8Array, form: string): boolean {
  return textAt(bytes, 0, 4) === "RIFF" && textAt(bytes, 8, 4) === form;
}

function isAnimatedWebp(bytes: Uint8Array): boolean {
  const flags = bytes[WEBP_FLAGS_AT] ?? 0;
  return textAt(bytes, 12, 4) === "VP8X" && (flags & WEBP_ANIMATED) !== 0;
}

/** The brand of an ISO file (ISO/IEC 14496-12); empty for files that are none. */
function brandOf(bytes: Uint8Array): string {
  return textAt(bytes, 4, 4) === "ftyp" ? textAt(bytes, 8, 4) : "";
}

function isPlainText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, TEXT_HEAD_BYTES);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    // deno-lint-ignore no-control-regex
    return text.trim() !== "" && !/[\u0000-\u0008\u000e-\u001a]/.test(text) && !/^\s*</.test(text);
  } catch {
    return false;
  }
}

function endsWith(bytes: Uint8Array, end: string): boolean {
  return textAt(bytes, bytes.length - end.length, end.length) === end;
}
