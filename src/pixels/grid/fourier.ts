/** The fast Fourier transform, for power spectra of real signals. Pure. */

/** A transform of one size, with its tables. */
export interface Fourier {
  /** Length, a power of two. */
  readonly size: number;
  /** Cosine of each turn of the first half. */
  readonly cos: Float64Array;
  /** Sine of each turn of the first half. */
  readonly sin: Float64Array;
  /** Each place with its bits in reverse. */
  readonly reversed: Uint32Array;
}

/** Prepares a transform of at least `length` values. */
export function createFourier(length: number): Fourier {
  const bits = Math.max(4, Math.ceil(Math.log2(length)));
  const size = 2 ** bits;
  const cos = new Float64Array(size / 2);
  const sin = new Float64Array(size / 2);
  for (let index = 0; index < size / 2; index++) {
    cos[index] = Math.cos((2 * Math.PI * index) / size);
    sin[index] = Math.sin((2 * Math.PI * index) / size);
  }
  const reversed = new Uint32Array(size);
  for (let index = 1; index < size; index++) {
    reversed[index] = (reversed[index >> 1]! >> 1) | (index & 1 ? size >> 1 : 0);
  }
  return { size, cos, sin, reversed };
}

/** Transforms complex values in place. */
export function transform(
  { size, cos, sin, reversed }: Fourier,
  re: Float64Array,
  im: Float64Array,
): void {
  for (let index = 0; index < size; index++) {
    const other = reversed[index]!;
    if (other <= index) continue;
    const r = re[index]!, i = im[index]!;
    re[index] = re[other]!;
    im[index] = im[other]!;
    re[other] = r;
    im[other] = i;
  }
  for (let half = 1; half < size; half *= 2) {
    const step = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0, turn = 0; k < half; k++, turn += step) {
        const even = start + k;
        const odd = even + half;
        const c = cos[turn]!, s = sin[turn]!;
        const r = re[odd]! * c + im[odd]! * s;
        const i = im[odd]! * c - re[odd]! * s;
        re[odd] = re[even]! - r;
        im[odd] = im[even]! - i;
        re[even]! += r;
        im[even]! += i;
      }
    }
  }
}
