/** Brings the finished images of a job to the format that it asked for, where its workflow made PNG files. */

import { kindOf } from "../comfyui/mod.ts";
import { ComfyError, ImageError } from "../errors.ts";
import { type DecodedImage, decodePng, encodeAs, isPng, type OtherFormat } from "../images/mod.ts";
import { formatKey } from "../workflow/format.ts";
import type { JobContext } from "./context.ts";
import type { FileSet, SetFile, Staging } from "./staging.ts";

/** What converting needs besides the files. */
export interface ConvertContext {
  /** Takes the files that are made here. */
  readonly staging: Pick<Staging, "write">;
  /** Gives up between two images. */
  readonly signal: AbortSignal;
  /** Takes log lines. */
  readonly log: JobContext["log"];
  /** For log lines. */
  readonly jobId: string;
}

/** Extensions of the formats, with the dot. */
const EXTENSIONS: Readonly<Record<OtherFormat, string>> = { jpeg: ".jpg", webp: ".webp" };

const PNG_EXTENSION = ".png";

/**
 * Converts all PNG files of the sets; what is another kind of file, or moves, or is too large for the
 * format, stays what it is.
 *
 * @param format What the request asked for, in any spelling.
 * @throws {ComfyError} `output` for an image that is damaged.
 */
export async function convertSets(
  sets: readonly FileSet[],
  format: string | undefined,
  context: ConvertContext,
): Promise<readonly FileSet[]> {
  const wanted = formatKey(format ?? "png");
  if (wanted !== "jpeg" && wanted !== "webp") return sets;
  const converted: FileSet[] = [];
  for (const set of sets) {
    const files: SetFile[] = [];
    for (const file of set.files) {
      context.signal.throwIfAborted();
      files.push(await convert(file, wanted, context));
    }
    converted.push({ ...set, files });
  }
  return converted;
}

async function convert(
  file: SetFile,
  format: OtherFormat,
  { staging, log, jobId }: ConvertContext,
): Promise<SetFile> {
  if (!("temp" in file)) return file;
  const bytes = await Deno.readFile(file.temp);
  if (!isPng(bytes) || kindOf(bytes, "image.png")?.content !== "still") return file;
  try {
    const { text, ...image } = decodePng(bytes);
    if (format === "jpeg" && hasTransparency(image)) {
      const why = "JPEG knows no transparency: what is transparent was laid on white; " +
        "ask for webp or png to keep it";
      log("warn", why, { jobId });
    }
    const temp = await staging.write(await encodeAs(format, image, text));
    return { ...file, suffix: withExtension(file.suffix, EXTENSIONS[format]), temp };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    if (error.code === "too_large") {
      // Better another format than no image.
      log("warn", `The image stays a PNG file: ${error.message}`, { jobId });
      return file;
    }
    const message = `Cannot make a ${format} file of an image of ComfyUI: ${error.message}`;
    throw new ComfyError("output", message, { cause: error });
  }
}

function hasTransparency({ hasAlpha, data }: Omit<DecodedImage, "text">): boolean {
  if (!hasAlpha) return false;
  for (let at = 3; at < data.length; at += 4) {
    if (data[at] !== 255) return true;
  }
  return false;
}

function withExtension(suffix: string, extension: string): string {
  return suffix.slice(0, -PNG_EXTENSION.length) + extension;
}
