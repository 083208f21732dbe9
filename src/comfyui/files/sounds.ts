/** Whether files of sound are all there, as far as their format allows to tell (pure). */

import { viewOf } from "./containers.ts";

/** FLAC: what describes the sound lies within the file (RFC 9639, section 8). */
export function isWholeFlac(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  if (bytes.length < 8) return false;
  for (let at = 4; at + 4 <= bytes.length;) {
    const head = view.getUint32(at);
    at += 4 + (head & 0xff_ff_ff);
    if (at > bytes.length) return false;
    // The last block before the sound.
    if (head >>> 31 === 1) return true;
  }
  return true;
}

/** Ogg: no page reaches beyond the end (RFC 3533, section 6). */
export function isWholeOgg(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const isPage = bytes[at] === 0x4f && bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67;
    // What follows the pages, if not the beginning of one, is nobody's concern.
    if (!isPage) return at > 0;
    const segments = bytes[at + 26];
    if (segments === undefined || bytes[at + 4] !== 0) return false;
    const sizes = bytes.subarray(at + 27, at + 27 + segments);
    at += 27 + segments + sizes.reduce((sum, size) => sum + size, 0);
    if (at > bytes.length) return false;
  }
  return true;
}

/** MP3: the tag in front, if there is one, lies within the file (ID3 2.4, section 3.1). */
export function isWholeMp3(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x49) return true;
  const [version = 255, , , ...size] = bytes.subarray(3, 10);
  if (version > 4 || size.length < 4 || size.some((byte) => byte > 127)) return false;
  return 10 + size.reduce((sum, byte) => sum * 128 + byte, 0) <= bytes.length;
}
