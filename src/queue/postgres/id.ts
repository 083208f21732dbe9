/**
 * Names of jobs as bytes. PostgreSQL's text takes no U+0000, and UTF-8 has no lone surrogates, but a name
 * may have both. Pure.
 */

/** As UTF-8; a lone surrogate takes the three bytes that it would take there, so that no two names are alike. */
export function idBytes(id: string): Uint8Array {
  if (id.isWellFormed()) return new TextEncoder().encode(id);
  const bytes: number[] = [];
  for (const char of id) {
    const code = char.codePointAt(0)!;
    if (char.isWellFormed()) bytes.push(...new TextEncoder().encode(char));
    else bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 0x3f, 0x80 | code & 0x3f);
  }
  return Uint8Array.from(bytes);
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The name that these are the bytes of. */
export function idOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return withSurrogates(bytes);
  }
}

function withSurrogates(bytes: Uint8Array): string {
  let text = "";
  let rest = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    if (first !== 0xed || second < 0xa0) continue;
    text += new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(rest, at));
    text += String.fromCharCode((first & 0x0f) << 12 | (second & 0x3f) << 6 | third & 0x3f);
    rest = at + 3;
  }
  return text + new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(rest));
}

/** A text that PostgreSQL takes, for people to read. */
export function plainText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
