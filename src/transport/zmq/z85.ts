/** Z85, in which ZeroMQ writes keys: five characters for four bytes (https://rfc.zeromq.org/spec/32/). */

const DIGITS =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Characters of a key of 32 bytes. */
const KEY_CHARS = 40;

/** Writes bytes, whose number must be divisible by four. */
export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = "";
  for (let pos = 0; pos < bytes.length; pos += 4) {
    const value = view.getUint32(pos);
    for (let power = 85 ** 4; power >= 1; power /= 85) {
      text += DIGITS[Math.floor(value / power) % 85];
    }
  }
  return text;
}

/** Whether a text is the Z85 form of 32 bytes, which all keys have. */
export function isZ85Key(text: string): boolean {
  if (text.length !== KEY_CHARS) return false;
  for (let pos = 0; pos < KEY_CHARS; pos += 5) {
    let value = 0;
    for (const char of text.slice(pos, pos + 5)) {
      const digit = DIGITS.indexOf(char);
      if (digit < 0) return false;
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) return false;
  }
  return true;
}
