/** Cells with their colours, before they get a palette. */

/** One colour a cell. */
export interface CellImage {
  /** Cells across. */
  readonly columns: number;
  /** Cells down. */
  readonly rows: number;
  /** Levels of 0 to 255, three a cell, not premultiplied; they need not be whole. */
  readonly rgb: Float32Array;
  /** 1 for cells that are to be seen, 0 for transparent ones. */
  readonly opaque: Uint8Array;
  /** Deviation of pixels within cells in levels, where it shows; negative when cells are known to be exact. */
  readonly noise: number;
  /** How the neighbours' share varies, if cells were read between pixels. */
  readonly between?: Between;
}

/** Nearer to an end of the scale than so many levels, noise is cut off. */
const CLIPPED = 8;

/** Whether a level is so near to an end of the scale that noise hardly shows. */
export function isClipped(level: number): boolean {
  return level < CLIPPED || level > 255 - CLIPPED;
}

/** Twice a place's distances from the pixels before and after it, multiplied: 0 on a pixel, 1 halfway. */
export interface Between {
  /** Of each column. */
  readonly x: Float32Array;
  /** Of each row. */
  readonly y: Float32Array;
}
