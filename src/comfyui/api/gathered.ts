/** Bytes that come in pieces, put together in memory of our own. */

/** Room at the beginning; it is doubled when it is used up. */
const FIRST_BYTES = 65_536;

/**
 * What has come so far. Nothing of a piece is kept but its bytes: Deno hands out those of a compressed body as
 * the first few of a buffer of 64 KiB, so that keeping the pieces takes sixteen times what is counted.
 */
export class Gathered {
  #room = new Uint8Array(FIRST_BYTES);
  #size = 0;

  /** Adds the next piece. */
  add(piece: Uint8Array): void {
    const size = this.#size + piece.length;
    if (size > this.#room.length) {
      const room = new Uint8Array(Math.max(size, this.#room.length * 2));
      room.set(this.#room.subarray(0, this.#size));
      this.#room = room;
    }
    this.#room.set(piece, this.#size);
    this.#size = size;
  }

  /** All of it, in a buffer without spare room. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#size === this.#room.length ? this.#room : this.#room.slice(0, this.#size);
  }
}
