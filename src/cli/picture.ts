/** Pictures in the terminal, by the two protocols that take a PNG file as it is. */

/** A way to show pictures: kitty's graphics protocol, or iTerm2's inline images. */
export type PictureProtocol = "kitty" | "iterm2";

/** Most base64 characters that kitty takes at once. */
const KITTY_CHUNK_CHARS = 4_096;

/** Widest picture in columns; a small one is enlarged to this, as pixel art should be. */
const MAX_COLUMNS = 40;

/**
 * The way of the terminal that the environment names; undefined if it is not known to have one.
 *
 * The terminal itself is not asked: an answer to nobody would end up in the user's next command.
 */
export function detectPictures(
  env: (name: string) => string | undefined,
): PictureProtocol | undefined {
  const term = env("TERM") ?? "";
  // They pass the outer terminal's variables on, but not its pictures.
  if (/^(?:tmux|screen)/.test(term)) return undefined;
  const program = env("TERM_PROGRAM") ?? "";
  if (program === "iTerm.app" || program === "WezTerm") return "iterm2";
  if (/kitty|ghostty/.test(term) || program === "ghostty") return "kitty";
  return (env("KITTY_WINDOW_ID") ?? "") === "" ? undefined : "kitty";
}

/** The text that shows a PNG file on a terminal of some width, with a line break after it. */
export function renderPicture(
  png: Uint8Array<ArrayBuffer>,
  protocol: PictureProtocol,
  columns: number,
): string {
  const base64 = png.toBase64();
  const width = Math.max(1, Math.min(MAX_COLUMNS, columns - 1));
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
