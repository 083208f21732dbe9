/** Preview images of one running job, as files. */

import type { SandboxSetup } from "../executor/messages.ts";
import { outputName } from "./output_name.ts";
import { createRateLimit, type RateLimit } from "./progress_gate.ts";

/**
 * Where the previews of a job go. Disposing of it removes them, unless they are to be kept; also those
 * of an attempt before this one, which a crash may have left.
 */
export interface PreviewFolder extends AsyncDisposable {
  /**
   * Takes an image to be written. Never waits for the disk: one that is not begun yet gives way to the
   * next, so that previews cannot hold up the progress of the job. One that comes too soon is left out.
   */
  offer(image: PreviewImage): void;
  /** Resolves when nothing is left to write. */
  flush(): Promise<void>;
  /** Begins to do what disposing of it does, for which it then waits. None may be offered any more. */
  discard(): void;
}

/** How many previews there may be, and when they go. */
export type PreviewSetup =
  & Pick<SandboxSetup, "outputDir" | "keepPreviews" | "maxPreviews" | "maxPreviewsPerSecond">
  & {
    /** True if none of an attempt before this one can lie there. @default {false} */
    isFirst?: boolean | undefined;
  };

/** A preview as ComfyUI sends it. */
export interface PreviewImage {
  /** The encoded image. */
  image: Uint8Array;
  /** Its type. */
  mimeType: string;
  /** Sampler step that it shows. */
  step: number;
}

const EXTENSIONS: Readonly<Record<string, string>> = { "image/png": "png", "image/webp": "webp" };

/**
 * Creates the previews of a job; the folder itself is made with the first image.
 *
 * @param onWritten Called when an image is complete on disk.
 * @param limit Decides which come too soon.
 */
export function createPreviewFolder(
  setup: PreviewSetup,
  jobId: string,
  onWritten: (path: string, step: number) => void,
  limit: RateLimit = createRateLimit(setup.maxPreviewsPerSecond),
): PreviewFolder {
  /** In the order of writing. */
  const written = new Set<string>();
  let folder: string | undefined;
  let hasBegun = false;
  let waiting: PreviewImage | undefined;
  let writing: Promise<void> | undefined;
  let cleaning: Promise<void> | undefined;
  const clean = async () => {
    await writing;
    // The folder is made with the first of them.
    if (setup.keepPreviews || (setup.isFirst && !hasBegun)) return;
    await removePreviews(setup.outputDir, jobId);
  };
  const writeAll = async () => {
    while (waiting !== undefined) {
      const image = waiting;
      waiting = undefined;
      try {
        folder ??= await makeFolder(await folderOf(setup.outputDir, jobId));
        const path = await writeImage(folder, image);
        onWritten(path, image.step);
        // A second preview of one step replaces the first.
        written.delete(path);
        written.add(path);
        await removeOldest(written, setup.maxPreviews);
      } catch {
        // A preview is a courtesy: a full disk fails the job when its image is written, with a reason.
      }
    }
    writing = undefined;
  };
  return {
    offer(image) {
      if (!limit.take()) return;
      waiting = image;
      hasBegun = true;
      writing ??= writeAll();
    },
    async flush() {
      await writing;
    },
    discard() {
      cleaning ??= clean();
    },
    async [Symbol.asyncDispose]() {
      await (cleaning ??= clean());
    },
  };
}

/** An attempt that was killed may have left some, even if this one has made none. */
async function removePreviews(outputDir: string, jobId: string): Promise<void> {
  try {
    await Deno.remove(await folderOf(outputDir, jobId), { recursive: true });
    // Gone with its last job; while others are in it, it stays.
    await Deno.remove(`${outputDir}/previews`);
  } catch {
    // There are none, or others have some.
  }
}

async function folderOf(outputDir: string, jobId: string): Promise<string> {
  const facts = { jobId, index: 0, prompt: "", seed: 0, model: "", timestampMs: 0 };
  return `${outputDir}/previews/${await outputName("{job_id}", facts)}`;
}

/** Not the output directory: if that is gone, a new one in its place would hide it. */
async function makeFolder(path: string): Promise<string> {
  for (const folder of [path.slice(0, path.lastIndexOf("/")), path]) {
    await Deno.mkdir(folder).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
  return path;
}

async function removeOldest(paths: Set<string>, most: number): Promise<void> {
  for (const path of [...paths].slice(0, -most)) {
    paths.delete(path);
    await Deno.remove(path).catch(() => {});
  }
}

/** A reader that watches the folder must not see half an image. */
async function writeImage(folder: string, image: PreviewImage): Promise<string> {
  const extension = EXTENSIONS[image.mimeType] ?? "jpg";
  const path = `${folder}/step_${String(image.step).padStart(5, "0")}.${extension}`;
  await Deno.writeFile(`${path}.part`, image.image);
  await Deno.rename(`${path}.part`, path);
  return path;
}
