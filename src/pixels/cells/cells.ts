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
  /** Deviation of pixels within cells in levels; negative when cells are known to be exact. */
  readonly noise: number;
  /** How the neighbours' share varies, if cells were read between pixels. */
  readonly between?: Between;
}

/** Twice a place's distances from the pixels before and after it, multiplied: 0 on a pixel, 1 halfway. */
export interface Between {
  /** Of each column. */
  readonly x: Float32Array;
  /** Of each row. */
  readonly y: Float32Array;
}
