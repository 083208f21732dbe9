/**
 * A small grid of colours to paint on; each cell becomes a square of pixels.
 *
 * @module
 */

/** A colour as 0xRRGGBB. */
export type Colour = number;

/** The colour of a cell that shows what is behind it. */
export const CLEAR: Colour = -1;

/** A grid of colours. */
export class Canvas {
  /** Cells in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  readonly #cells: Int32Array;

  /** Creates a clear canvas. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#cells = new Int32Array(width * height).fill(CLEAR);
  }

  /** The colour of a cell; clear outside of the canvas. */
  get(x: number, y: number): Colour {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return CLEAR;
    return this.#cells[y * this.width + x] ?? CLEAR;
  }

  /** Colours a cell; nothing happens outside of the canvas. */
  set(x: number, y: number, colour: Colour): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.#cells[y * this.width + x] = colour;
  }

  /** Colours every cell by its place; `CLEAR` leaves a cell as it is. */
  paint(colourAt: (x: number, y: number) => Colour): void {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const colour = colourAt(x, y);
        if (colour !== CLEAR) this.set(x, y, colour);
      }
    }
  }

  /** Fills a rectangle. */
  rectangle(left: number, top: number, width: number, height: number, colour: Colour): void {
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) this.set(x, y, colour);
    }
  }

  /** Fills an ellipse around a point. */
  ellipse(
    centreX: number,
    centreY: number,
    radiusX: number,
    radiusY: number,
    colour: Colour,
  ): void {
    for (let y = Math.floor(centreY - radiusY); y <= centreY + radiusY; y++) {
      for (let x = Math.floor(centreX - radiusX); x <= centreX + radiusX; x++) {
        const inside = ((x - centreX) / radiusX) ** 2 + ((y - centreY) / radiusY) ** 2 <= 1;
        if (inside) this.set(x, y, colour);
      }
    }
  }

  /** Lays another canvas on this one, clear cells excepted. */
  draw(image: Canvas, left: number, top: number, mirrored = false): void {
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        const colour = image.get(mirrored ? image.width - 1 - x : x, y);
        if (colour !== CLEAR) this.set(left + x, top + y, colour);
      }
    }
  }
}
