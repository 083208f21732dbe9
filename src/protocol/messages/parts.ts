/** What several messages are made of. */

/** State of a job. */
export type JobState = "queued" | "running" | "completed" | "failed" | "cancelled";

/** What a running job is doing. */
export type Stage =
  | "initializing"
  | "loading_models"
  | "encoding"
  | "sampling"
  | "decoding"
  | "post_processing";

/** A LoRA with the strengths to apply it at. */
export interface LoraChoice {
  /** Name of a LoRA, as `list_models` gives it. */
  name: string;
  /** Strength on the diffusion model. */
  strength_model?: number;
  /** Strength on the text encoder. */
  strength_clip?: number;
}

/** How the images of a job are made pixel art. */
export interface PixelOptions {
  /** `false` leaves images as they are. */
  enabled?: boolean;
  /** Cells across and down, kept exactly. */
  size?: [number, number] | "auto";
  /** Most colours, transparency not counted. */
  colors?: number | "auto";
  /** A shipped palette, or a file in the worker's `palettes.palette_dir`. */
  palette?: string;
  /** How to imitate colours left out. */
  dither?: "none" | "floyd-steinberg" | "bayer";
  /** Whether it goes, from the edges inwards. */
  background?: "keep" | "transparent";
  /** A line around what is opaque; `auto`: in the darkest colour. */
  outline?: string;
  /** Enlargements to write as well. */
  scale?: number[];
  /** Pixels by which borders of tiles are repeated around each in their sheet. */
  extrude?: number;
  /** Keep the image as generated too. */
  keep_original?: boolean;
}

/** What was found in an image that was made pixel art. */
export interface PixelResult {
  /** Its place in `image_paths`. */
  image: number;
  /** Place of what it was made of, if kept. */
  original?: number;
  /** Its size. */
  size: [number, number];
  /** Cells found. */
  cells: [number, number];
  /** Pixels a cell. */
  cell_size: [number, number];
  /** Where the grid begins. */
  offset: [number, number];
  /** How likely the grid is right. */
  confidence: number;
  /** If not, the original is kept: compare them. */
  sure: boolean;
  /** Colours, transparency not counted. */
  colors: number;
  /** `no_grid`, `resized` …; more may come. */
  warnings: string[];
  /** Whether all tiles fit to themselves. */
  tileable?: boolean;
  /** How well each does, across and down. */
  seams?: [number, number][];
}

/** Where the ending of a job is told over HTTP. */
export interface Webhook {
  /** `http://` or `https://`, of a host that the worker's settings allow. */
  url: string;
  /** Endings to tell; all if absent. */
  events?: ("completed" | "failed" | "cancelled")[];
}
