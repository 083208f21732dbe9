/** Tables for checksums whose highest bit comes first (pure). */

/** What each byte adds, for a polynomial of 8, 16 or 32 bits. */
export function crcTable(polynomial: number, bits: 8 | 16 | 32): Int32Array {
  const top = 1 << (bits - 1);
  const mask = bits === 32 ? -1 : (1 << bits) - 1;
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte << (bits - 8);
    for (let bit = 0; bit < 8; bit++) {
      rest = (rest & top) !== 0 ? (rest << 1) ^ polynomial : rest << 1;
    }
    return rest & mask;
  });
}
