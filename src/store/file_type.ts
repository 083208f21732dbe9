/** What a file is by its first bytes: a name proves nothing, and a browser must not guess. */

/** Signatures in hex, `.` for any digit. */
const TYPES: readonly (readonly [signature: string, type: string])[] = [
  ["89504e470d0a1a0a", "image/png"],
  ["ffd8ff", "image/jpeg"],
  ["52494646........57454250", "image/webp"],
  ["474946383761", "image/gif"],
  ["474946383961", "image/gif"],
  ["........66747970", "video/mp4"],
  ["1a45dfa3", "video/webm"],
];

/** First bytes that {@linkcode contentTypeOf} looks at. */
export const SIGNATURE_BYTES = 12;

/** Type of a file of which nothing is known: a browser stores it. */
export const UNKNOWN_TYPE = "application/octet-stream";

/** Whether a type is one of those; of another, a browser might run what is in the file. */
export function isKnownType(type: string): boolean {
  return TYPES.some(([, known]) => known === type);
}

/** The content type of a file that begins with these bytes. */
export function contentTypeOf(start: Uint8Array): string {
  const hex = start.subarray(0, SIGNATURE_BYTES).toHex();
  const known = TYPES.find(([signature]) => {
    return hex.length >= signature.length &&
      [...signature].every((digit, index) => digit === "." || digit === hex[index]);
  });
  return known?.[1] ?? UNKNOWN_TYPE;
}
