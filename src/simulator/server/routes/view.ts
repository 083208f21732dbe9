/**
 * `GET /view`: stored files, as they are or re-encoded.
 *
 * @module
 */

import { encodePng } from "../../../images/mod.ts";
import { empty, type Exchange } from "../../http.ts";
import { encodeJpeg } from "../../files/jpeg.ts";
import { splitAnnotation } from "../../files/locate.ts";
import { rasterOf } from "../../files/image.ts";
import { decodeImage, imageOf } from "../../nodes/images.ts";
import type { SimulatorClock } from "../../options.ts";
import { basename, below } from "../../files/paths.ts";
import type { FileArea, StoredFile } from "../../files/store.ts";
import { answerRange } from "./range.ts";

/** Content types by extension; those that a browser would run are not among them on purpose. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  bmp: "image/bmp",
  txt: "text/plain",
  json: "application/json",
};

const AREAS: readonly string[] = ["output", "input", "temp"] satisfies FileArea[];

/** Answers `GET /view`. */
export async function getView(exchange: Exchange): Promise<Response> {
  const place = locate(exchange);
  if (typeof place === "number") return empty(place);
  const { area, path, filename } = place;
  const file = await exchange.process.files[area].read(path);
  if (file === undefined) return empty(404);
  const { query } = exchange;
  if (query.has("preview")) return answerPreview(file, filename, query.get("preview") ?? "");
  const channel = query.get("channel") ?? "rgba";
  if (channel === "rgb" || channel === "a") return await answerChannel(file, filename, channel);
  return await answerFile(exchange, file, filename);
}

/** Where the file is, or the status that refuses to tell. */
function locate({ query }: Exchange): { area: FileArea; path: string; filename: string } | number {
  const given = query.get("filename");
  if (given === null) return 404;
  const { path: name, area: annotated } = splitAnnotation(given);
  if (name === "" || name.startsWith("/") || name.includes("..")) return 400;
  const area = annotated ?? query.get("type") ?? "output";
  if (!AREAS.includes(area)) return 400;
  const folder = below("", query.get("subfolder") ?? "");
  if (folder === undefined) return 403;
  const filename = basename(name);
  const path = folder === "" ? filename : `${folder}/${filename}`;
  return { area: area as FileArea, path, filename };
}

/**
 * Re-encodes the image. ComfyUI's default is a lossy WEBP, for which no encoder is at hand: such a request
 * is answered with a JPEG that says that it is one.
 */
function answerPreview(file: StoredFile, filename: string, preview: string): Response {
  const last = preview.split(";").at(-1) ?? "";
  const quality = /^\d+$/.test(last) ? Number(last) : 90;
  const jpeg = encodeJpeg(imageOf(decodeImage(file.bytes)), quality);
  return new Response(jpeg, { headers: headersFor(filename, "image/jpeg") });
}

async function answerChannel(
  file: StoredFile,
  filename: string,
  channel: "rgb" | "a",
): Promise<Response> {
  const image = decodeImage(file.bytes);
  const { width, height } = image;
  const png = channel === "rgb"
    ? await encodePng(rasterOf(imageOf(image)))
    : await encodePng({ width, height, data: alphaOnly(image.rgba), channels: 4 });
  return new Response(png, { headers: headersFor(filename, "image/png") });
}

function alphaOnly(rgba: Uint8Array): Uint8Array {
  return rgba.map((sample, index) => index % 4 === 3 ? sample : 0);
}

async function answerFile(
  exchange: Exchange,
  file: StoredFile,
  filename: string,
): Promise<Response> {
  const extension = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  const type = CONTENT_TYPES[extension] ?? "application/octet-stream";
  const answer = answerRange(exchange.request, file, headersFor(filename, type));
  const { faults, settings: { clock }, signal } = exchange.process;
  const { bytesPerSecond } = faults;
  if (bytesPerSecond === undefined || answer.body === null) return answer;
  const { status, headers } = answer;
  const slow = drip(await answer.bytes(), bytesPerSecond, clock, signal);
  return new Response(slow, { status, headers });
}

function headersFor(filename: string, type: string): Headers {
  return new Headers({
    "content-type": type,
    "content-disposition": `filename="${filename.replace(/[^\x20-\x7e]|"/g, "_")}"`,
  });
}

/** Lets bytes out in small pieces, ten a second, until nobody wants them any more. */
function drip(
  bytes: Uint8Array<ArrayBuffer>,
  bytesPerSecond: number,
  clock: SimulatorClock,
  stopped: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieceBytes = Math.max(1, Math.floor(bytesPerSecond / 10));
  const left = new AbortController();
  const signal = AbortSignal.any([stopped, left.signal]);
  let start = 0;
  return new ReadableStream({
    async pull(controller) {
      const piece = bytes.slice(start, start + pieceBytes);
      await clock.delay((piece.length / bytesPerSecond) * 1000, signal);
      controller.enqueue(piece);
      start += piece.length;
      if (start >= bytes.length) controller.close();
    },
    cancel: () => left.abort(),
  }, { highWaterMark: 0 });
}
