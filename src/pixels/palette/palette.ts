/** Palettes: the colours that an image may have. */

/** Most colours of a palette. Of 256, a result that has transparency uses the 255 that serve it best. */
export const MOST_PALETTE_COLORS = 256;

/** Opaque colours in an order that means something to whoever made them. */
export interface Palette {
  /** What people call it. */
  readonly name: string;
  /** Three bytes a colour, 1 to 256 colours. */
  readonly colors: Uint8Array;
}
