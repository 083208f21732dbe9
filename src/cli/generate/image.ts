/** Images in the terminal: two protocols take a PNG file as it is, sixels are for the others. */

import type { Io } from "../io.ts";
import { renderSixel } from "./sixel.ts";

/** A way to show images: kitty's graphics protocol, iTerm2's inline images, or sixels. */
export type ImageProtocol = "kitty" | "iterm2" | "sixel";

/** Most base64 characters that kitty takes at once. */
const KITTY_CHUNK_CHARS = 4_096;

/** Widest image in columns; a small one is enlarged to this, as pixel art should be. */
const MAX_COLUMNS = 40;

/** Pixels of a column where nobody knows how many there are; few rather than many. */
const COLUMN_PIXELS = 8;

/** Asks a terminal what it is (primary device attributes, "DA1"). */
const WHO_ARE_YOU = "\x1b[c";

/** The answer: a class, then what it can do. */
// deno-lint-ignore no-control-regex
const I_AM = /\x1b\[\?\d+((?:;\d+)*)c/;

/** Long enough for a terminal behind a slow line. */
const ANSWER_MS = 1_000;

/** The way of the terminal that the environment names; undefined if it is not known to have one. */
export function detectImages(
  env: (name: string) => string | undefined,
): ImageProtocol | undefined {
  const term = env("TERM") ?? "";
  // They pass the outer terminal's variables on, but not its images.
  if (/^(?:tmux|screen)/.test(term)) return undefined;
  const program = env("TERM_PROGRAM") ?? "";
  if (program === "iTerm.app" || program === "WezTerm") return "iterm2";
  if (/kitty|ghostty/.test(term) || program === "ghostty") return "kitty";
  if ((env("KITTY_WINDOW_ID") ?? "") !== "") return "kitty";
  return /^(?:foot|mlterm|contour|yaft)(?:-|$)/.test(term) ? "sixel" : undefined;
}

/**
 * Asks the terminal itself whether it shows sixels.
 *
 * For that it must be in the foreground: a job in the background (`generate … &`) is stopped by the system
 * when it changes the terminal's mode, as it must to hear the answer. So nobody is asked unasked.
 */
export async function askForSixels(
  io: Pick<Io, "askTerminal">,
): Promise<ImageProtocol | undefined> {
  const answer = await io.askTerminal(WHO_ARE_YOU, I_AM, ANSWER_MS);
  const abilities = I_AM.exec(answer ?? "")?.[1]?.split(";") ?? [];
  return abilities.includes("4") ? "sixel" : undefined;
}

/** The text that shows a PNG file on a terminal of some width, with a line break after it. */
export function renderImage(
  png: Uint8Array<ArrayBuffer>,
  protocol: ImageProtocol,
  columns: number,
): string {
  const width = Math.max(1, Math.min(MAX_COLUMNS, columns - 1));
  if (protocol === "sixel") return `${renderSixel(png, width * COLUMN_PIXELS)}\n`;
  const base64 = png.toBase64();
  if (protocol === "kitty") return `${renderKitty(base64, width)}\n`;
  const options = `inline=1;size=${png.length};width=${width};preserveAspectRatio=1`;
  return `\x1b]1337;File=${options}:${base64}\x07\n`;
}

function renderKitty(base64: string, width: number): string {
  const chunks = base64.match(new RegExp(`.{1,${KITTY_CHUNK_CHARS}}`, "g")) ?? [];
  return chunks.map((chunk, index) => {
    const more = index < chunks.length - 1 ? 1 : 0;
    const keys = index === 0 ? `f=100,a=T,q=2,c=${width},m=${more}` : `m=${more}`;
    return `\x1b_G${keys};${chunk}\x1b\\`;
  }).join("");
}
