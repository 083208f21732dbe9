/** Bytes of images: results, previews, sheets and atlases of jobs; and uploads to start from. */

import { messageOf } from "../../errors.ts";
import { type Context, Hono } from "hono";
import { type GuardEnv, needs } from "../auth/guard.ts";
import { readBody } from "../body.ts";
import { contentTypeOf } from "../../store/file_type.ts";
import { type ImageFile, urlBeside } from "../../store/mod.ts";
import { isKnown, isSameFile } from "../etag.ts";
import type { HttpContext, OpenImage } from "../options.ts";
import { HttpProblem } from "../problem.ts";
import { parseRange } from "../range.ts";
import { type JobFacts, jobInfo } from "./jobs.ts";

/** Files that play, by their endings. */
const ANIMATION_TYPES = { gif: "image/gif", apng: "image/apng" } as const;

/** Longest image that can be uploaded, in bytes. */
const MAX_UPLOAD_BYTES = 32 * 1024 * 1024;

/** Sides of thumbnails in pixels, and the longest file that one is made of. */
const THUMBNAIL = { least: 16, most: 1_024, mostBytes: 32 * 1024 * 1024 };

/** Endings of files by what they are: only these can be started from. */
export const UPLOADS: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
};

/** Routes below `/v1/jobs/:id`. */
export function jobImageRoutes(context: HttpContext): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  const { openImage } = context;
  app.get("/:id/images/:index", needs("read"), async (c) => {
    const index = Number(/^\d{1,6}$/.exec(c.req.param("index"))?.[0] ?? NaN);
    const info = await jobInfo(context, c.req.param("id"));
    const path = info.image_paths?.[index];
    if (path === undefined) throw notFound("The job has no such image; GET the job to see them");
    const side = c.req.query("thumbnail");
    if (side !== undefined) return await thumbnail(c, await opened(openImage, path, info), side);
    return await deliver(c, await opened(openImage, path, info));
  });
  app.get("/:id/preview", needs("read"), async (c) => {
    const path = context.feed.lastPreview(c.req.param("id"));
    if (path === undefined) throw notFound("The job has no preview now");
    return await deliver(c, await opened(openImage, path, {}));
  });
  app.get("/:id/sheet", needs("read"), async (c) => {
    const { info, sheet } = await sheetOf(context, c.req.param("id"));
    return await deliver(c, await opened(openImage, sheet, info));
  });
  app.get("/:id/atlas", needs("read"), async (c) => {
    const { info, sheet } = await sheetOf(context, c.req.param("id"));
    const path = sheet.replace(/\.png$/, ".json");
    return await deliver(c, await opened(openImage, path, info), "application/json");
  });
  for (const [kind, type] of Object.entries(ANIMATION_TYPES)) {
    app.get(`/:id/${kind}`, needs("read"), async (c) => {
      const info = await jobInfo(context, c.req.param("id"));
      const path = info.animation_paths?.find((path) => path.endsWith(`.${kind}`));
      if (path === undefined) throw notFound("The job has no such animation");
      return await deliver(c, await opened(openImage, path, info), type);
    });
  }
  return app;
}

/** `/v1/images`: an image to start from, to be named as `init_image`. */
export function uploadRoutes(
  { inputDir, diskProblem, logger }: HttpContext,
): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  app.post("/", needs("submit"), async (c) => {
    if (inputDir === undefined) {
      throw new HttpProblem({
        status: 409,
        code: "no_input_dir",
        detail:
          "The worker has no directory for uploads; set input.input_dir, or send small images as init_image",
      });
    }
    const problem = diskProblem();
    if (problem !== undefined) {
      throw new HttpProblem({ status: 503, code: "unavailable", detail: problem, retryAfterS: 60 });
    }
    const bytes = await readBody(c.req.raw, MAX_UPLOAD_BYTES);
    const ending = UPLOADS[contentTypeOf(bytes)];
    if (ending === undefined) {
      const detail = "The body is no PNG, JPEG or WEBP; send the file itself as the body";
      throw new HttpProblem({ status: 415, code: "invalid_parameter", detail });
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const name = `uploads/${digest}.${ending}`;
    await store(`${inputDir}/uploads`, `${inputDir}/${name}`, bytes).catch((error: unknown) => {
      const why = messageOf(error);
      logger.log("error", `Cannot keep an upload: ${why}`);
      const detail = "The worker cannot keep uploads now; its log says why";
      throw new HttpProblem({ status: 503, code: "unavailable", detail, retryAfterS: 60 });
    });
    return c.json({ init_image: name, size: bytes.length }, 201);
  });
  return app;
}

/** The same content is stored once; it appears whole or not at all. */
async function store(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const temporary = await Deno.makeTempFile({ dir: folder, prefix: ".upload-" });
  try {
    await Deno.writeFile(temporary, bytes);
    await Deno.rename(temporary, path);
  } catch (error) {
    // A full disk, say, which half an image would only make fuller.
    await Deno.remove(temporary);
    throw error;
  }
}

async function sheetOf(
  context: HttpContext,
  jobId: string,
): Promise<{ info: JobFacts; sheet: string }> {
  const info = await jobInfo(context, jobId);
  const sheet = info.image_paths?.find((path) => path.endsWith("_sheet.png"));
  if (sheet === undefined) throw notFound("The job has no sheet: it is no animation or tile set");
  return { info, sheet };
}

/** A file of a job, which lies beside the others. */
async function opened(
  openImage: OpenImage,
  path: string,
  { image_url: url, worker }: Pick<JobFacts, "image_url" | "worker">,
): Promise<ImageFile> {
  const file = await openImage(path, url === undefined ? undefined : urlBeside(url, path), worker);
  if (file === undefined) {
    const where = worker === undefined ? "" : `, nor is it in a store (worker ${worker} made it)`;
    throw notFound(`The file is no longer in the output directory${where}`);
  }
  return file;
}

/** An image made small; one that is small enough as it is. */
async function thumbnail(
  c: Context<GuardEnv>,
  opened: ImageFile,
  side: string,
): Promise<Response> {
  using file = opened;
  const most = Number(/^\d{2,4}$/.exec(side)?.[0] ?? NaN);
  if (!(most >= THUMBNAIL.least && most <= THUMBNAIL.most)) {
    const detail = `Invalid parameter: thumbnail: expected ${THUMBNAIL.least} to ${THUMBNAIL.most}`;
    throw new HttpProblem({ status: 422, code: "invalid_parameter", detail });
  }
  const { sizeBytes, contentType } = file;
  const etag = `"${most}-${file.etag.slice(1)}`;
  const headers = { etag, "cache-control": "private, no-cache", "content-type": "image/png" };
  if (isKnown(c.req.header("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (sizeBytes > THUMBNAIL.mostBytes) throw tooLarge();
  const bytes = await new Response(await file.read(0, sizeBytes - 1)).bytes();
  // Only who wants thumbnails pays for loading it.
  const { shrink } = await import("../thumbnail.ts");
  const small = await shrink(bytes, most);
  if (small === "too_large") throw tooLarge();
  if (small === "unknown") {
    return new Response(bytes, { headers: { ...headers, "content-type": contentType } });
  }
  return new Response(small, { headers });
}

function tooLarge(): HttpProblem {
  const detail = "The image is too large to be made small here; fetch it without thumbnail";
  return new HttpProblem({ status: 413, code: "too_large", detail });
}

/** Delivers a file whole or a piece of it. */
async function deliver(
  c: Context<GuardEnv>,
  opened: ImageFile,
  type?: string,
): Promise<Response> {
  using file = opened;
  const { sizeBytes: size, etag, contentType } = file;
  const headers = new Headers({
    etag,
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    "content-type": type ?? contentType,
    "x-content-type-options": "nosniff",
  });
  if (isKnown(c.req.header("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  const range = isSameFile(c.req.header("if-range"), etag)
    ? parseRange(c.req.header("range"), size)
    : undefined;
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${size}`);
    return new Response(null, { status: 416, headers });
  }
  const { start: first, end: last } = range ?? { start: 0, end: size - 1 };
  headers.set("content-length", String(last - first + 1));
  if (range !== undefined) headers.set("content-range", `bytes ${first}-${last}/${size}`);
  const body = await file.read(first, last);
  return new Response(body, { status: range === undefined ? 200 : 206, headers });
}

function notFound(detail: string): HttpProblem {
  return new HttpProblem({ status: 404, code: "not_found", detail });
}
