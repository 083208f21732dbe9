/**
 * A figure in motion: the same figure, bent and shifted for each moment of what it does.
 *
 * @module
 */

import { Canvas, CLEAR } from "./canvas.ts";

/** What a figure can do. */
export type Motion = "idle" | "walk" | "run" | "attack" | "jump" | "hurt" | "death" | "cast";

/** How a figure stands, in cells of its grid. */
interface Pose {
  /** Forwards. */
  readonly x?: number;
  /** Upwards. */
  readonly up?: number;
  /** How far the head is before the feet. */
  readonly lean?: number;
  /** Height, as a share of its own. */
  readonly height?: number;
  /** How far the feet are apart: the right one forwards, the left one back. */
  readonly stride?: number;
  /** How high the right foot is, or below 0 the left one. */
  readonly step?: number;
  /** Sparks around the upper half. */
  readonly sparks?: number;
}

/** Empty cells around a figure, which its motion may need. */
const MARGIN = 4;

/** Share of a figure that is legs. */
const LEGS = 0.28;

const SPARK = 0xfff2a8;

/** The pose of each motion at each moment, 0 to 1. Those of cycles end where they began. */
const POSES: Readonly<Record<Motion, (moment: number) => Pose>> = {
  idle: (moment) => ({ height: 1 - 0.06 * (0.5 - 0.5 * Math.cos(turn(moment))) }),
  walk: (moment) => ({
    stride: 3 * Math.cos(turn(moment)),
    step: -2 * Math.sin(turn(moment)),
    up: Math.abs(Math.sin(turn(moment))),
  }),
  run: (moment) => ({
    stride: 4 * Math.cos(turn(moment)),
    step: -3 * Math.sin(turn(moment)),
    up: 3 * Math.abs(Math.sin(turn(moment))),
    lean: 4,
  }),
  attack: (moment) => ({
    x: 3 * thrust(moment),
    lean: 5 * thrust(moment),
    stride: 3 * thrust(moment),
  }),
  jump: (moment) => ({
    up: 4 * Math.sin(Math.PI * moment),
    height: 0.82 + 0.24 * Math.sin(Math.PI * moment),
    stride: Math.sin(Math.PI * moment),
  }),
  hurt: (moment) => ({ x: -3 * Math.sin(Math.PI * moment), lean: -6 * (1 - moment) }),
  death: (moment) => ({ lean: -8 * moment, height: 1 - 0.72 * moment ** 2 }),
  cast: (moment) => ({
    height: 1 + 0.08 * Math.sin(Math.PI * moment),
    sparks: Math.round(14 * Math.sin(Math.PI * moment)),
  }),
};

/** Paints a figure at one moment of a motion, all of it, on a canvas with some room around it. */
export function poseFigure(figure: Canvas, motion: Motion, moment: number): Canvas {
  const pose = POSES[motion](moment);
  const posed = bend(figure, pose);
  const width = figure.width + 2 * MARGIN;
  // What leans far or strides out takes a step back, so that nothing of it is cut off.
  const [left, right] = extent(posed);
  const back = Math.max(0, right - (width + MARGIN - 1)) + Math.min(0, left - MARGIN);
  const canvas = new Canvas(width, posed.height);
  canvas.paint((column, row) => posed.get(column + MARGIN + back, row));
  addSparks(canvas, figure, pose.sparks ?? 0, moment);
  return canvas;
}
/** The figure in its pose, on a canvas with twice the room on either side. */
function bend(figure: Canvas, pose: Pose): Canvas {
  const { x = 0, up = 0, lean = 0, height = 1, stride = 0, step = 0 } = pose;
  const canvas = new Canvas(figure.width + 4 * MARGIN, figure.height + 2 * MARGIN);
  const ground = MARGIN + figure.height - 1;
  canvas.paint((column, row) => {
    const place = column - 2 * MARGIN - x;
    const above = (ground - row - up) / height;
    const share = above / figure.height;
    const isLeg = share < LEGS;
    const isRight = place >= figure.width / 2;
    const reach = isLeg ? (1 - share / LEGS) * stride * (isRight ? 1 : -1) : 0;
    const lift = isLeg ? Math.max(0, isRight ? step : -step) : 0;
    const from = Math.round(figure.height - 1 - above + lift);
    const across = Math.round(place - lean * share - reach);
    return share < 0 ? CLEAR : figure.get(across, from);
  });
  return canvas;
}

/** The first and the last column that show something. */
function extent(canvas: Canvas): [first: number, last: number] {
  const shows = (column: number) =>
    Array.from({ length: canvas.height }, (_, row) => canvas.get(column, row))
      .some((colour) => colour !== CLEAR);
  const columns = Array.from({ length: canvas.width }, (_, column) => column).filter(shows);
  return [columns[0] ?? 0, columns.at(-1) ?? 0];
}

function addSparks(canvas: Canvas, figure: Canvas, sparks: number, moment: number): void {
  for (let spark = 0; spark < sparks; spark++) {
    const angle = turn(spark / Math.max(1, sparks) + moment);
    const reach = figure.width * 0.46;
    const middle = canvas.width / 2;
    canvas.set(
      Math.round(middle + reach * Math.cos(angle)),
      Math.round(middle - 4 + reach * Math.sin(angle) * 0.8),
      SPARK,
    );
  }
}

function turn(moment: number): number {
  return 2 * Math.PI * (moment % 1);
}

/** Back a little, then quickly forwards, then slowly back again. */
function thrust(moment: number): number {
  if (moment < 0.3) return -moment;
  return moment < 0.5 ? -0.3 + 6.5 * (moment - 0.3) : Math.max(0, 2 * (1 - moment));
}
