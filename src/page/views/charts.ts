/** How much gets done, how long it takes and how long it waits, made of the jobs themselves. */

import { useMemo, useState } from "preact/hooks";
import { duration } from "../format.ts";
import { createHistory, MAX_JOBS } from "../history.ts";
import { html, type Shown, valueOf } from "../html.ts";
import { useLook } from "../live.ts";
import { Chart } from "../parts/chart.ts";
import { Fault } from "../parts/state.ts";
import type { Job } from "../types.ts";

const LOOK_EVERY_MS = 5_000;

const NONE: readonly Job[] = [];

/** Bars of the chart of throughput. */
const BARS = 30;

const WINDOWS = [[900, "15 minutes"], [3_600, "hour"], [86_400, "day"], [604_800, "week"]] as const;

/** The view. */
export function ChartsView(): Shown {
  const [seconds, setSeconds] = useState(3_600);
  const history = useMemo(createHistory, []);
  const { answer: { jobs, isCut } = { jobs: NONE, isCut: false }, fault } = useLook(
    (signal) => history(Date.now() / 1_000 - seconds, signal),
    LOOK_EVERY_MS,
    [seconds],
    { isCalm: true },
  );
  const drawn = useMemo(() => drawings(jobs, seconds, Date.now() / 1_000), [jobs]);
  return html`
    <h1 tabindex="-1">Charts</h1>
    <${Fault} text=${fault} />
    <label class="zoom">Of the last <select value=${seconds}
      onChange=${(event: Event) => setSeconds(Number(valueOf(event)))}>
      ${WINDOWS.map(([value, word]) => html`<option value=${value}>${word}</option>`)}
    </select></label>
    ${isCut && html`<p role="status">Only the newest ${MAX_JOBS} jobs are drawn.</p>`}
    ${drawn.map((props) => html`<${Chart} key=${props.title} ...${props} />`)}
  `;
}

function drawings(jobs: readonly Job[], seconds: number, now: number) {
  const ended = jobs.filter(({ finished_at: at }) => at !== undefined && at >= now - seconds)
    .sort((a, b) => a.finished_at! - b.finished_at!);
  const ran = ended.filter(({ started_at: at }) => at !== undefined);
  const width = seconds / BARS;
  const starts = Array.from({ length: BARS }, (_, bar) => now - seconds + bar * width);
  const counts = starts.map((start) =>
    ended.filter(({ finished_at: at }) => at! >= start && at! < start + width).length
  );
  const times = ran.map(({ finished_at: at }) => at!);
  const waits = ran.map((job) => Math.max(0, job.started_at! - job.created_at));
  const runs = ran.map((job) => job.finished_at! - job.started_at!);
  const depth = depths(jobs, now - seconds, now);
  const range = [now - seconds, now] as const;
  return [
    {
      title: "Throughput",
      kind: "bars",
      unit: "/min",
      range,
      times: ended.length === 0 ? [] : starts.map((start) => start + width / 2),
      lines: [{ name: "jobs a minute", values: counts.map((count) => count * 60 / width) }],
      summary: `${ended.length} ${ended.length === 1 ? "job" : "jobs"} ended`,
    },
    {
      title: "Wait and run time",
      kind: "points",
      unit: "s",
      range,
      times,
      lines: [{ name: "ran", values: runs }, { name: "waited", values: waits }],
      summary: ran.length === 0
        ? ""
        : `half ran for at most ${duration(median(runs))} and waited for at most ${
          duration(median(waits))
        }`,
    },
    {
      title: "Queue depth",
      kind: "steps",
      unit: "",
      range,
      times: depth.map(([at]) => at),
      lines: [{ name: "waiting", values: depth.map(([, count]) => count) }],
      summary: depth.length === 0 ? "" : `at most ${Math.max(...depth.map(([, count]) => count))}`,
    },
  ] as const;
}

/** Jobs that waited, at each moment that their number changed. */
function depths(jobs: readonly Job[], from: number, to: number): [at: number, count: number][] {
  const changes = jobs.flatMap((job): [number, number][] => {
    const left = job.started_at ?? job.finished_at;
    return [[job.created_at, 1], ...(left === undefined ? [] : [[left, -1] as [number, number]])];
  }).sort(([a], [b]) => a - b);
  const line: [number, number][] = [];
  let count = 0;
  for (const [at, by] of changes) {
    count += by;
    const place: [number, number] = [Math.max(at, from), count];
    if (line.at(-1)?.[0] === place[0]) line.pop();
    line.push(place);
  }
  if (line.length > 0) line.push([to, count]);
  return line;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}
