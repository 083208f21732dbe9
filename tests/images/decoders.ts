/** Readers of images other than ours, where this machine has one; what they read is compared with what we wrote. */

import { equal } from "node:assert/strict";
import { decodePng, type Raster } from "../../src/images/mod.ts";
import { tempDir } from "../support/temp_dir.ts";

/** ImageMagick's program; Debian has it in the package `imagemagick`. */
const CONVERT = "convert";

/** True if ImageMagick is there and knows the format. */
export async function hasDecoder(format: "WEBP" | "JPEG" | "GIF" | "APNG"): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command(CONVERT, { args: ["-list", "format"] }).output();
    return new RegExp(`^ *${format}\\*? .* r`, "m").test(new TextDecoder().decode(stdout));
  } catch {
    return false;
  }
}

/** Reads files, all at once, as ImageMagick sees them; `count` images of them all. */
export async function readElsewhere(
  files: readonly Uint8Array[],
  extension: string,
  count: number = files.length,
): Promise<Raster[]> {
  await using dir = await tempDir();
  await Promise.all(
    files.map((file, index) => Deno.writeFile(`${dir.path}/${index}.${extension}`, file)),
  );
  const inputs = files.map((_, index) => `${dir.path}/${index}.${extension}`);
  const args = [...inputs, "-depth", "8", "+adjoin", `PNG32:${dir.path}/%d.png`];
  const { code, stderr } = await new Deno.Command(CONVERT, { args }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
  return await Promise.all(Array.from({ length: count }, async (_, index) => {
    const { width, height, data } = decodePng(await Deno.readFile(`${dir.path}/${index}.png`));
    return { width, height, channels: 4, data };
  }));
}
