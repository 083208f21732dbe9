/** `generate`: asks for images, follows them, and says where they are. */

import type { Client } from "../../client/mod.ts";
import { ConfigError } from "../../errors.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import { sizeWarning } from "../../workflow/mod.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import { type AskedJob, askedJobs, type AskedOptions } from "./asked.ts";
import type { GenerateValues } from "./field.ts";
import {
  createHumanReport,
  createJsonReport,
  type HumanReportOptions,
  type Report,
  type ShowWhen,
} from "./report.ts";
import type { Io } from "../io.ts";
import {
  followJob,
  listenForStop,
  type Outcome,
  type StopWish,
  whileWorkerAnswers,
} from "./job_run.ts";
import { nextNames } from "./names.ts";
import { printable } from "../text.ts";
import { askForSixels, detectImages, type ImageProtocol } from "./image.ts";

/** Options of the command. */
export interface GenerateOptions extends ConnectionOptions, AskedOptions {
  /** What the flags say of the image. */
  values: GenerateValues;
  /** File to put the images of all jobs side by side in. */
  contactSheet?: string;
  /** When to show images. */
  show: ShowWhen;
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runGenerate(options: GenerateOptions, io: Io): Promise<number> {
  refuseOtherFormat(options);
  await refuseLostSheet(options);
  const images = await chooseImages(options, io);
  await using client = await openClient(options, io);
  using stop = listenForStop(io);
  using report = createReport({ images, json: options.json === true }, io);
  const work = generate(options, { client, stop, report });
  const ended = await untilStopped(
    stop,
    whileWorkerAnswers(client, options.timeout * 1_000, work),
  );
  if (stop.first.aborted || ended === undefined) return EXIT.interrupted;
  report[Symbol.dispose]();
  await writeSheet(ended, options, io);
  return ended.every(({ outcome }) => outcome.state === "completed") ? EXIT.ok : EXIT.failed;
}

/** Told at once, not when all images are there. */
function refuseOtherFormat({ contactSheet, compare, values }: GenerateOptions): void {
  const format = String(values.output_format ?? "png");
  if ((contactSheet ?? compare) === undefined || /^\.?png$/i.test(format)) return;
  throw new ConfigError(
    "usage",
    `Sheets are put together of PNG files, not of ${format}; leave out --format`,
  );
}

/** The folder of a sheet is looked for before anything is generated. */
async function refuseLostSheet({ contactSheet: path }: GenerateOptions): Promise<void> {
  if (path === undefined) return;
  if (/\.(?:jpe?g|webp|gif|bmp|tiff?|avif)$/i.test(path)) {
    throw new ConfigError("usage", `A contact sheet is a PNG file; call it .png, not ${path}`);
  }
  const folder = path.replace(/[^/\\]*$/, "");
  try {
    await Deno.stat(folder || ".");
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConfigError("unwritable", `Cannot write ${path}: ${reason}; name another file`, {
    cause,
  });
}

interface Context {
  readonly client: Client;
  readonly stop: StopWish;
  readonly report: Report;
}

/** A job with its end. */
interface Ended {
  readonly request: GenerateRequest;
  readonly outcome: Outcome;
}

async function generate(options: GenerateOptions, context: Context): Promise<Ended[]> {
  const { compare, id } = options;
  const values = compare === undefined
    ? await withModel(options.values, context.client)
    : options.values;
  if (context.stop.first.aborted) return [];
  const jobs = await askedJobs(values, options, context.client);
  if (options.json !== true) noteSizes(jobs.map(({ request }) => request), context.report);
  const isNamed = id !== undefined;
  const [ended] = await Promise.all([
    Promise.all(jobs.map((job, index) => follow(context, job, { number: index + 1, isNamed }))),
    noteAbsence(context),
  ]);
  return ended;
}

/** A file in the present folder that no other comparison has, since its jobs have ids of their own. */
function comparedAs([first]: readonly Ended[]): string {
  return `${first?.request.id.replace(/[^\w.-]/g, "_").replace(/^\./, "_")}_compare.png`;
}

/** Puts the first image of each job on the sheet; nothing if there is none. */
async function writeSheet(
  ended: readonly Ended[],
  { contactSheet, compare, json }: GenerateOptions,
  io: Io,
): Promise<void> {
  const path = contactSheet ?? (compare === undefined ? undefined : comparedAs(ended));
  if (path === undefined) return;
  const cells = ended.map(({ request: { id, model, seed: asked }, outcome }) => {
    const done = outcome.state === "completed" ? outcome : undefined;
    const seed = done?.seed ?? asked;
    const own = seed === undefined ? id : `seed ${seed}`;
    const label = [...compare === undefined ? [] : [model], own].join(", ");
    return { label, path: done?.image_path };
  });
  if (cells.every((cell) => cell.path === undefined)) return;
  const columns = compare?.length ?? Math.ceil(Math.sqrt(cells.length));
  // Reading and drawing images takes code that no other way of this command needs.
  const { composeContactSheet } = await import("./contact_sheet.ts");
  const bytes = await composeContactSheet(cells, columns);
  await Deno.writeFile(path, bytes).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  if (json) io.out(`${JSON.stringify({ type: "contact_sheet", path, columns, cells })}\n`);
  else io.out(`${printable(path)}\n`);
}

/**
 * How to show images, if at all; says at once that they cannot be shown, if they must be.
 *
 * @throws {ConfigError} `usage`
 */
export async function chooseImages(
  { show, json }: Pick<GenerateOptions, "show" | "json">,
  io: Io,
): Promise<ImageProtocol | undefined> {
  if (show === "always" && json) {
    throw new ConfigError("usage", "--json and --show always cannot be combined");
  }
  if (json || show === "never" || (show === "auto" && !io.outIsTerminal)) return undefined;
  const known = detectImages((name) => io.env(name));
  if (known !== undefined || show === "auto") return known;
  const answered = await askForSixels(io);
  if (answered !== undefined) return answered;
  throw new ConfigError(
    "usage",
    "This terminal is not known to show images (kitty, Ghostty, iTerm2, WezTerm and those with " +
      "sixels are); leave out --show always",
  );
}

/** Chooses how to tell. */
export function createReport(
  { json, ...options }: HumanReportOptions & { json: boolean },
  io: Io,
): Report {
  return json ? createJsonReport(io) : createHumanReport(io, options);
}

/**
 * Adds the first checkpoint that there is to values that name none.
 *
 * @throws {ConfigError} `usage` if there is none.
 */
export async function withModel(values: GenerateValues, client: Client): Promise<GenerateValues> {
  if (values["model"] !== undefined) return values;
  const first = (await client.models()).find((model) => model.model_type === "checkpoint");
  if (first !== undefined) return { ...values, model: first.name };
  throw new ConfigError("usage", "The ComfyUI servers have no checkpoint; name one with --model");
}

/**
 * Warns of sizes that are far from what a model can do; each is told once. How large an animation is
 * generated, whose frames may share one image, only the worker knows.
 */
export function noteSizes(
  requests: readonly Pick<GenerateRequest, "model" | "size" | "animation_frames">[],
  report: Pick<Report, "note">,
): void {
  const warnings = requests.flatMap(({ model, size, animation_frames: frames }) =>
    frames === undefined ? sizeWarning(model, size) ?? [] : []
  );
  for (const warning of new Set(warnings)) report.note(`warning: ${warning}`);
}

/** Says so when the jobs will have to wait for ComfyUI, since nothing else would tell. */
export async function noteAbsence(
  { client, report }: { client: Client; report: Report },
): Promise<void> {
  // A worker that cannot be asked is dealt with by what follows.
  const servers = await client.servers().catch(() => []);
  if (servers.length === 0 || servers.some(({ state }) => state === "ready")) return;
  const states = servers.map(({ name, state, error }) =>
    `${name} is ${state}${error === undefined ? "" : ` (${error})`}`
  );
  report.note(`No ComfyUI is ready; jobs wait until one is: ${states.join(", ")}`);
}

/** Waits for work, but no longer than until the user has stopped twice. */
export async function untilStopped<T>(stop: StopWish, work: Promise<T>): Promise<T | undefined> {
  // After the second signal nobody looks at it any more.
  work.catch(() => {});
  try {
    return await Promise.race([work, stop.second]);
  } catch (error) {
    if (error instanceof DOMException && stop.first.aborted) return undefined;
    throw error;
  }
}

async function follow(
  context: Context,
  { request, label }: AskedJob,
  place: { number: number; isNamed: boolean },
): Promise<Ended> {
  const { client, stop, report } = context;
  const { number, isNamed } = place;
  const job = { id: request.id, number, label: printable(label) };
  const outcome = await followJob(client, request, {
    stop: stop.first,
    onUpdate: (update) => report.update(job, update),
  });
  if (isNumberTaken(outcome) && !isNamed) {
    const [name = request.id] = await nextNames(client, request.prompt, 1);
    if (name !== request.id) {
      return await follow(context, { request: { ...request, id: name }, label }, place);
    }
  }
  await report.ended(job, outcome);
  return { request, outcome };
}

/** Somebody else has taken the number since it was free. */
function isNumberTaken(outcome: Outcome): boolean {
  return outcome.state === "refused" && outcome.code === "id_conflict";
}
