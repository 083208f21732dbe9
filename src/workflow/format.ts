/** Formats of image files, which saving nodes spell in many ways. Pure. */

const FORMATS: ReadonlySet<string> = new Set(
  ["png", "jpeg", "webp", "avif", "gif", "bmp", "tiff", "jxl"],
);

const DELIVERED: ReadonlySet<string> = new Set(["png", "jpeg", "webp"]);

/** Other names of the same. */
const SYNONYMS: Readonly<Record<string, string>> = { jpg: "jpeg", tif: "tiff" };

/** What `png`, `PNG` and `.png` have in common, and `jpg` and `jpeg`. */
export function formatKey(text: string): string {
  const key = text.toLowerCase().replace(/^\./, "");
  return Object.hasOwn(SYNONYMS, key) ? SYNONYMS[key] ?? key : key;
}

/** True for a value that names a format. */
export function isFormat(value: unknown): boolean {
  return typeof value === "string" && FORMATS.has(formatKey(value));
}

/** True for a format that any workflow can be asked for: what it saves is PNG, or is converted to this. */
export function isDelivered(format: string): boolean {
  return DELIVERED.has(formatKey(format));
}

/** Writes a format in the way of another: with a dot, in capitals. */
export function spellFormat(format: string, like: unknown): string {
  if (typeof like !== "string") return format;
  const dot = like.startsWith(".") && !format.startsWith(".") ? "." : "";
  return dot + (/[A-Z]/.test(like) ? format.toUpperCase() : format);
}
