/** `generate`: asks for images, follows them, and says where they are. */

import type { Client } from "../../client/mod.ts";
import { ConfigError } from "../../errors.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import { sizeWarning } from "../../workflow/mod.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import { buildRequest, type GenerateValues } from "./fields.ts";
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
import { variant } from "./variant.ts";
import { askForSixels, detectImages, type ImageProtocol } from "./image.ts";

/** Options of the command. */
export interface GenerateOptions extends ConnectionOptions {
  /** What the flags say of the image. */
  values: GenerateValues;
  /** Number of jobs; each has a seed of its own. */
  count: number;
  /** Id of the job; `-1`, `-2` and so on are added to it for several. */
  id?: string;
  /** When to show images. */
  show: ShowWhen;
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runGenerate(options: GenerateOptions, io: Io): Promise<number> {
  const images = await chooseImages(options, io);
  await using client = await openClient(options, io);
  using stop = listenForStop(io);
  using report = createReport({ images, json: options.json === true }, io);
  const work = generate(options, { client, stop, report });
  const outcomes = await untilStopped(
    stop,
    whileWorkerAnswers(client, options.timeout * 1_000, work),
  );
  if (stop.first.aborted || outcomes === undefined) return EXIT.interrupted;
  return outcomes.every(({ state }) => state === "completed") ? EXIT.ok : EXIT.failed;
}

interface Context {
  readonly client: Client;
  readonly stop: StopWish;
  readonly report: Report;
}

async function generate(options: GenerateOptions, context: Context): Promise<Outcome[]> {
  const values = await withModel(options.values, context.client);
  if (context.stop.first.aborted) return [];
  const requests = await requestsOf(values, options, context.client);
  if (options.json !== true) noteSizes(requests, context.report);
  const [outcomes] = await Promise.all([
    Promise.all(
      requests.map((request, index) =>
        follow(context, request, {
          index,
          count: requests.length,
          isNamed: options.id !== undefined,
        })
      ),
    ),
    noteAbsence(context),
  ]);
  return outcomes;
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

/** Warns of sizes that are far from what a model can do; each is told once. */
export function noteSizes(
  requests: readonly Pick<GenerateRequest, "model" | "size">[],
  report: Pick<Report, "note">,
): void {
  const warnings = requests.flatMap(({ model, size }) => sizeWarning(model, size) ?? []);
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

async function requestsOf(
  values: GenerateValues,
  { count, id }: Pick<GenerateOptions, "count" | "id">,
  client: Client,
): Promise<GenerateRequest[]> {
  // What is wrong with the values is said before anybody is asked.
  buildRequest(values, id ?? "id");
  if (id !== undefined) {
    const names = count === 1 ? [id] : Array.from({ length: count }, (_, i) => `${id}-${i + 1}`);
    return names.map((name, index) => buildRequest(variant(values, index), name));
  }
  const names = await nextNames(client, String(values["prompt"]), count);
  // A seed of our own tells it from what another program asks for at the same moment under this id.
  return names.map((name, index) =>
    buildRequest(variant({ seed: drawSeed(), ...values }, index), name)
  );
}

function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 52);
}

async function follow(
  context: Context,
  request: GenerateRequest,
  place: { index: number; count: number; isNamed: boolean },
): Promise<Outcome> {
  const { client, stop, report } = context;
  const { index, count, isNamed } = place;
  const label = count === 1 ? "" : `${index + 1}: `;
  const job = { id: request.id, number: index + 1, label };
  const outcome = await followJob(client, request, {
    stop: stop.first,
    onUpdate: (update) => report.update(job, update),
  });
  if (isNumberTaken(outcome) && !isNamed) {
    const [name = request.id] = await nextNames(client, request.prompt, 1);
    if (name !== request.id) return await follow(context, { ...request, id: name }, place);
  }
  await report.ended(job, outcome);
  return outcome;
}

/** Somebody else has taken the number since it was free. */
function isNumberTaken(outcome: Outcome): boolean {
  return outcome.state === "refused" && outcome.code === "id_conflict";
}
