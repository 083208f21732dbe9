/** Bits one after the other, the lowest first, as lossless WebP and GIF have them. Pure. */

/** Bytes to begin with; it grows as needed. */
const START_BYTES = 4_096;

/** Collects bits. */
export class BitWriter {
  #bytes = new Uint8Array(START_BYTES);
  #length = 0;
  #held = 0;
  #heldBits = 0;

  /** Appends the lowest bits of a number, at most 16 at a time. */
  write(value: number, bits: number): void {
    this.#held |= value << this.#heldBits;
    this.#heldBits += bits;
    while (this.#heldBits >= 8) {
      this.#push(this.#held & 0xff);
      this.#held >>>= 8;
      this.#heldBits -= 8;
    }
  }

  /** The bytes, the last one filled up with zeros. Nothing can be written after it. */
  finish(): Uint8Array {
    if (this.#heldBits > 0) this.#push(this.#held & 0xff);
    this.#heldBits = 0;
    return this.#bytes.subarray(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }
}
