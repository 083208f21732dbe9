/** Jobs, newest first, a page at a time; those that run show how far they are. */

import { useState } from "preact/hooks";
import { get, jobPath, send } from "../api.ts";
import { duration, isOver, jobName, moment, shortModel } from "../format.ts";
import { html, type Shown } from "../html.ts";
import { type Live, lookAgain, useLive, useLook } from "../live.ts";
import { JobImage } from "../parts/job_image.ts";
import { Fault, ProgressBar, StateWord } from "../parts/state.ts";
import { linkTo, type Place } from "../route.ts";
import type { Job, JobList, Status } from "../types.ts";

const PAGE = 50;
const LOOK_EVERY_MS = 5_000;

const FILTERS = [
  ["", "All"],
  ["running", "Running"],
  ["queued", "Waiting"],
  [
    "completed",
    "Completed",
  ],
  ["failed", "Failed"],
  ["cancelled", "Cancelled"],
] as const;

/** The view. */
export function QueueView({ place }: { place: Place }): Shown {
  const state = place.query.get("state") ?? "";
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const live = useLive();
  const cursor = cursors.at(-1);
  const { answer: [list, status] = [], fault, fail } = useLook(
    (signal) => {
      const query = new URLSearchParams({
        limit: String(PAGE),
        ...(state === "" ? {} : { state }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return Promise.all([
        get<JobList>(`/v1/jobs?${query}`, signal),
        get<Status>("/v1/status", signal),
      ]);
    },
    LOOK_EVERY_MS,
    [state, cursor],
  );
  const cancel = (id: string) => send("DELETE", jobPath(id)).then(lookAgain, fail);
  return html`
    <h1 tabindex="-1">Queue</h1>
    <p class="dim">${status === undefined
      ? "…"
      : `${status.active_jobs} running, ${status.queue_size} waiting, up for ${
        duration(status.uptime_s)
      }`}</p>
    <nav class="tabs" aria-label="Which jobs">
      ${FILTERS.map(([value, word]) =>
        html`
          <a href=${linkTo("queue", "", value === "" ? {} : { state: value })}
            aria-current=${value === state ? "true" : undefined}
            onClick=${() => setCursors([])}>${word}</a>
        `
      )}
    </nav>
    <${Fault} text=${fault} />
    ${list?.jobs.length === 0 && html`
      <p class="empty">No jobs here. <a href=${linkTo("new")}>Ask for an image</a>.</p>
    `}
    <ul class="jobs">
      ${list?.jobs.map((job) =>
        html`<${JobRow} key=${job.job_id} job=${job} live=${
          live.of(job.job_id)
        } cancel=${cancel} />`
      )}
    </ul>
    ${(cursors.length > 0 || list?.cursor !== undefined) && html`
      <div class="bar">
        <button type="button" disabled=${cursors.length === 0}
          onClick=${() => setCursors(cursors.slice(0, -1))}>Newer</button>
        <span class="dim">page ${cursors.length + 1}</span>
        <button type="button" disabled=${list?.cursor === undefined}
          onClick=${() => setCursors([...cursors, list!.cursor!])}>Older</button>
      </div>
    `}
  `;
}

interface RowProps {
  readonly job: Job;
  readonly live: Live | undefined;
  readonly cancel: (id: string) => void;
}

function JobRow({ job, live, cancel }: RowProps): Shown {
  const name = jobName(job);
  return html`
    <li class="job">
      <a class="thumb" href=${linkTo("job", job.job_id)} tabindex="-1" aria-hidden="true">
        <${JobImage} job=${job} live=${live} box=${64} />
      </a>
      <div class="what">
        <a class="name" href=${linkTo("job", job.job_id)}>${name}</a>
        <span class="dim">${shortModel(job.model)}${job.size &&
          ` · ${job.size.join(" × ")}`} · ${moment(job.created_at)}</span>
        <${ProgressBar} job=${job} live=${live} />
        ${job.error !== undefined && html`<span class="why">${job.error}</span>`}
      </div>
      <div class="how">
        <${StateWord} state=${job.state} />
        <span class="dim">${when(job)}</span>
        ${job.state === "running" && job.server !== undefined && html`
          <span class="dim">on ${job.server}${job.worker !== undefined && `, ${job.worker}`}</span>
        `}
        ${!isOver(job) && html`
          <button type="button" class="small" aria-label=${`Cancel ${name}`}
            onClick=${() => cancel(job.job_id)}>Cancel</button>
        `}
      </div>
    </li>
  `;
}

function placeOf(position: number | undefined): string {
  if (position === undefined) return "";
  return position === 0 ? "next" : `${position} before it`;
}

function when({ state, position, estimated_time_s: eta, duration_s: seconds }: Job): string {
  if (state === "queued") {
    const place = placeOf(position);
    return eta === undefined ? place : `${place}, about ${duration(eta)}`;
  }
  return seconds === undefined ? "" : duration(seconds);
}
