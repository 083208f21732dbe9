/** Preview pictures of one running job, as files. */

import type { SandboxSetup } from "./messages.ts";
import { outputName } from "./output_name.ts";

/**
 * Where the previews of a job go. Disposing of it removes them, unless they are to be kept; also those
 * of an attempt before this one, which a crash may have left.
 */
export interface PreviewFolder extends AsyncDisposable {
  /**
   * Takes a picture to be written. Never waits for the disk: one that is not begun yet gives way to the
   * next, so that previews cannot hold up the progress of the job.
   */
  offer(picture: PreviewPicture): void;
  /** Resolves when nothing is left to write. */
  flush(): Promise<void>;
}

/** A preview as ComfyUI sends it. */
export interface PreviewPicture {
  /** The encoded picture. */
  image: Uint8Array;
  /** Its type. */
  mimeType: string;
  /** Sampler step that it shows. */
  step: number;
}

const EXTENSIONS: Readonly<Record<string, string>> = { "image/png": "png", "image/webp": "webp" };

/**
 * Creates the previews of a job; the folder itself is made with the first picture.
 *
 * @param onWritten Called when a picture is complete on disk.
 */
export function createPreviewFolder(
  setup: Pick<SandboxSetup, "outputDir" | "keepPreviews">,
  jobId: string,
  onWritten: (path: string, step: number) => void,
): PreviewFolder {
  const folder = folderOf(setup.outputDir, jobId);
  let made = false;
  let waiting: PreviewPicture | undefined;
  let writing: Promise<void> | undefined;
  const writeAll = async () => {
    while (waiting !== undefined) {
      const picture = waiting;
      waiting = undefined;
      try {
        if (!made) await Deno.mkdir(await folder, { recursive: true });
        made = true;
        onWritten(await writePicture(await folder, picture), picture.step);
      } catch {
        // A preview is a courtesy: a full disk fails the job when its picture is written, with a reason.
      }
    }
    writing = undefined;
  };
  return {
    offer(picture) {
      waiting = picture;
      writing ??= writeAll();
    },
    async flush() {
      await writing;
    },
    async [Symbol.asyncDispose]() {
      await writing;
      if (setup.keepPreviews) return;
      await Deno.remove(await folder, { recursive: true }).catch(() => {});
      // Gone with its last job; while others are in it, it stays.
      await Deno.remove(`${setup.outputDir}/previews`).catch(() => {});
    },
  };
}

async function folderOf(outputDir: string, jobId: string): Promise<string> {
  const facts = { jobId, index: 0, prompt: "", seed: 0, model: "", timestampMs: 0 };
  return `${outputDir}/previews/${await outputName("{job_id}", facts)}`;
}

/** A reader that watches the folder must not see half a picture. */
async function writePicture(folder: string, picture: PreviewPicture): Promise<string> {
  const extension = EXTENSIONS[picture.mimeType] ?? "jpg";
  const path = `${folder}/step_${String(picture.step).padStart(5, "0")}.${extension}`;
  await Deno.writeFile(`${path}.part`, picture.image);
  await Deno.rename(`${path}.part`, path);
  return path;
}
