/** Which way up a JPEG is, as cameras and telephones note it in Exif 2.32 (tag 0x0112). Pure. */

/** Pixels of four bytes. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const APP1 = 0xe1;
const START_OF_SCAN = 0xda;
const EXIF_MARK = "Exif\0\0";
const ORIENTATION = 0x0112;

/** Bytes of an entry of a directory, and where its value is. */
const [ENTRY_BYTES, VALUE_AT] = [12, 8];

/** Reads it from a JPEG: 1 to 8, and 1 where nothing sensible is said. */
export function readOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (marker === START_OF_SCAN) break;
    const end = at + 2 + view.getUint16(at + 2);
    const begin = at + 4 + EXIF_MARK.length;
    const isExif = marker === APP1 && end <= bytes.length && begin <= end &&
      [...EXIF_MARK].every((char, index) => bytes[at + 4 + index] === char.charCodeAt(0));
    if (isExif) return orientationOf(bytes.subarray(begin, end));
    at = marker === 0xff ? at + 1 : end;
  }
  return 1;
}

/** From the first directory of a TIFF file. */
function orientationOf(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8) return 1;
  const isLittle = tiff[0] === 0x49;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > tiff.length) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let index = 0; index < count; index++) {
    const at = directory + 2 + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > tiff.length) break;
    if (view.getUint16(at, isLittle) !== ORIENTATION) continue;
    const value = view.getUint16(at + VALUE_AT, isLittle);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** Turns and mirrors pixels to how they are to be seen. */
export function turnUpright(image: Pixels, orientation: number): Pixels {
  if (orientation === 1) return image;
  const isSideways = orientation >= 5;
  const [width, height] = isSideways ? [image.height, image.width] : [image.width, image.height];
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const from = wordsOf(image.data), to = new Uint32Array(from.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = isSideways ? y : x, row = isSideways ? x : y;
      const u = fromRight ? image.width - 1 - column : column;
      const v = fromBelow ? image.height - 1 - row : row;
      to[at++] = from[v * image.width + u]!;
    }
  }
  return { width, height, data: new Uint8Array(to.buffer) };
}

function wordsOf(data: Uint8Array): Uint32Array {
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
