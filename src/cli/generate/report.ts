/** What `generate` says of its jobs: to people, or to programs. */

import type { Io } from "../io.ts";
import type { JobUpdate, Outcome } from "./job_run.ts";
import { type ImageProtocol, renderImage } from "./image.ts";
import { ProgressBoard } from "./progress_board.ts";
import { renderBar, renderProgress } from "./progress_line.ts";
import { describeEstimate, describePixel } from "../job_facts.ts";
import { formatSeconds, printable, widthOf } from "../text.ts";

/** When to show images in the terminal. */
export type ShowWhen = "auto" | "always" | "never";

/** A job as its user knows it. */
export interface ReportedJob {
  /** Its id. */
  readonly id: string;
  /** Its number, from 1. */
  readonly number: number;
  /** What to call it; empty if there is only one. */
  readonly label: string;
  /** Where the file asks for it. */
  readonly place?: string;
}

/** Tells how jobs go. */
export interface Report extends Disposable {
  /** Tells what happens to a job. */
  update(job: ReportedJob, update: JobUpdate): void;
  /** Tells how a job ended. */
  ended(job: ReportedJob, outcome: Outcome): Promise<void>;
  /** Tells how many have ended. */
  tally(text: string): void;
  /** Tells what is wrong with an entry of a file. */
  invalid(place: string, error: string): void;
  /** Tells people something worth knowing. */
  note(text: string): void;
}

/** Tells programs: one JSON object a line, the messages of the wire and an `ended` for each job. */
export function createJsonReport(io: Io): Report {
  const write = (value: unknown) => io.out(`${JSON.stringify(value)}\n`);
  return {
    update: (_job, update) => write(update),
    ended(job, outcome) {
      write({ type: "ended", job_id: job.id, place: job.place, ...outcome });
      return Promise.resolve();
    },
    tally: () => {},
    invalid: (place, error) => write({ type: "invalid", place, error }),
    note: (text) => io.err(`${printable(text)}\n`),
    [Symbol.dispose]: () => {},
  };
}

/** Options of {@linkcode createHumanReport}. */
export interface HumanReportOptions {
  /** How to show images in the terminal; not at all if undefined. */
  images: ImageProtocol | undefined;
  /** Whether each stage of a job is worth a line where nothing can be redrawn. @default {true} */
  stages?: boolean;
}

/** Tells people: paths on standard output, all else on standard error. */
export function createHumanReport(
  io: Io,
  { images, stages: isVerbose = true }: HumanReportOptions,
): Report {
  const board = new ProgressBoard(io);
  const stages = new Map<string, string>();
  return {
    update(job, update) {
      const room = io.errIsTerminal ? io.columns() - 1 - widthOf(job.label) : undefined;
      const line = describeUpdate(update, room);
      if (line === undefined) return;
      if (io.errIsTerminal) return board.set(job.number, job.label + line);
      if (!isVerbose) return;
      // Where nothing can be redrawn, only what is new is worth a line.
      const stage = update.type === "progress" ? update.stage : update.type;
      if (stages.get(job.id) === stage) return;
      stages.set(job.id, stage);
      io.err(`${job.label}${line.trimStart()}\n`);
    },
    async ended(job, outcome) {
      stages.delete(job.id);
      const image = outcome.state === "completed" && images !== undefined
        ? await readImage(outcome.image_path, { protocol: images, columns: io.columns() })
        : undefined;
      board.delete(job.number);
      board.write(() => writeOutcome(io, job, outcome, image));
    },
    tally: (text) => board.summarize(text),
    invalid: (place, error) =>
      board.write(() => io.err(`error: ${printable(`${place}: ${error}`)}\n`)),
    note: (text) => board.write(() => io.err(`${printable(text)}\n`)),
    [Symbol.dispose]: () => board[Symbol.dispose](),
  };
}

/** An update in words, with a bar if there is a number of columns for it. */
function describeUpdate(update: JobUpdate, columns: number | undefined): string | undefined {
  switch (update.type) {
    case "job_accepted":
      return `waiting, ETA ${describeEstimate(update)}`;
    case "job_started":
      return "starting";
    case "progress":
      return columns === undefined ? renderProgress(update) : renderBar(update, columns);
    default:
      return undefined;
  }
}

function writeOutcome(
  io: Io,
  { label }: ReportedJob,
  outcome: Outcome,
  image: string | undefined,
): void {
  switch (outcome.state) {
    case "completed": {
      const { image_paths, animation_paths = [], seed, duration_s, pixel = [] } = outcome;
      if (image !== undefined) io.out(image);
      for (const path of [...image_paths, ...animation_paths]) io.out(`${printable(path)}\n`);
      const facts = seed === undefined ? [] : [`seed ${seed}`];
      for (const found of pixel) io.err(`${label}${printable(describePixel(found))}\n`);
      io.err(`${label}done in ${[formatSeconds(duration_s), ...facts].join(", ")}\n`);
      return;
    }
    case "cancelled":
      return io.err(`${label}cancelled\n`);
    case "failed":
    case "refused":
      return io.err(`error: ${label}${printable(outcome.error)}\n`);
    default:
      return outcome satisfies never;
  }
}

/** The image as text; undefined where it cannot be read, as when the worker is on another machine. */
async function readImage(
  path: string,
  { protocol, columns }: { protocol: ImageProtocol; columns: number },
): Promise<string | undefined> {
  try {
    return renderImage(await Deno.readFile(path), protocol, columns);
  } catch {
    return undefined;
  }
}
