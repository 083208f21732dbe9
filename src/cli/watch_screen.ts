/** What `watch` shows, as lines. */

import type { JobDescription, ServerInfo, StatusInfo } from "../protocol/mod.ts";
import { renderProgress } from "./generate/progress_line.ts";
import { describeWorker } from "./commands/status.ts";
import { fit, formatSeconds, printable, widthOf } from "./text.ts";

/** The worker at one moment. */
export interface Snapshot {
  readonly status: StatusInfo;
  readonly servers: readonly ServerInfo[];
  /** Those that run, those that wait, then those that have ended. */
  readonly jobs: readonly JobDescription[];
}

/** Width of what is said of a job; an id gets what is left, but enough to be recognised. */
const STANDING_COLUMNS = 42;
const MIN_ID_COLUMNS = 8;
const MAX_ID_COLUMNS = 36;

/** Width that a prompt takes from the ids: it tells people more. */
const PROMPT_COLUMNS = 24;

/** Lines for a screen; no more and no wider than it holds. */
export function renderScreen(
  { status, servers, jobs }: Snapshot,
  { columns, rows, note }: { columns: number; rows: number; note: string },
): string[] {
  const taken = STANDING_COLUMNS + (jobs.some(({ prompt }) => prompt) ? PROMPT_COLUMNS : 0);
  const idColumns = Math.min(MAX_ID_COLUMNS, Math.max(MIN_ID_COLUMNS, columns - taken));
  const head = [
    describeWorker(status),
    ...servers.map(describeServer),
    "",
  ];
  const room = Math.max(0, rows - head.length - 1);
  const shown = jobs.slice(0, room);
  const standings = shown.map((job) => printable(standing(job)));
  const widest = Math.min(STANDING_COLUMNS, Math.max(0, ...standings.map(widthOf)));
  const lines = shown.map((job, index) => {
    const told = standings[index] ?? "";
    const prompt = job.prompt === undefined ? "" : `  ${printable(job.prompt)}`;
    return (column(job.job_id, idColumns) + " " + told.padEnd(widest) + prompt).trimEnd();
  });
  // One column is left free: a full line would wrap on some terminals.
  return [...head, ...lines].slice(0, rows - 1).concat(note)
    .map((line) => fit(line, columns - 1));
}

function describeServer({ name, state, active_jobs, error, draining }: ServerInfo): string {
  const why = error === undefined ? "" : `: ${error}`;
  const drained = draining ? ", drained" : "";
  return printable(`${name} ${state}${drained}, ${active_jobs} running${why}`);
}

/** A text in so many columns. */
function column(text: string, columns: number): string {
  const fitting = fit(printable(text), columns);
  return fitting + " ".repeat(columns - widthOf(fitting));
}

function standing(job: JobDescription): string {
  switch (job.state) {
    case "running":
      return job.progress === undefined ? "  0 % starting" : renderProgress(job.progress);
    case "queued":
      return job.position === undefined ? "waiting" : `waiting, ${job.position} before it`;
    case "completed":
      return job.duration_s === undefined ? "done" : `done in ${formatSeconds(job.duration_s)}`;
    case "failed":
      return `failed: ${job.error ?? ""}`;
    case "cancelled":
      return "cancelled";
    default:
      return job.state satisfies never;
  }
}
