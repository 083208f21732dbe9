/** One job: its image, its course, its parameters, and what can be done with it. */

import { useState } from "preact/hooks";
import { ask, get, jobPath, send } from "../api.ts";
import {
  duration,
  hasSheet,
  imageCount,
  isOver,
  jobName,
  moment,
  pixelWords,
  stageName,
} from "../format.ts";
import { html, type Shown } from "../html.ts";
import { type Live, lookAgain, useLive, useLook } from "../live.ts";
import { boxOf, ZoomBar } from "../parts/image.ts";
import { JobImage } from "../parts/job_image.ts";
import { Fault, ProgressBar, StateWord } from "../parts/state.ts";
import { go, linkTo } from "../route.ts";
import type { Job } from "../types.ts";

const LOOK_EVERY_MS = 4_000;
const BOX_PX = 512;

/** The view. */
export function JobView({ id }: { id: string }): Shown {
  const [zoom, setZoom] = useState(0);
  const [index, setIndex] = useState(0);
  const live = useLive().of(id);
  const { answer: job, fault, fail } = useLook(
    (signal) => get<Job>(jobPath(id), signal),
    LOOK_EVERY_MS,
    [id],
  );
  if (job === undefined || job.job_id !== id) {
    return html`
      <h1 tabindex="-1">Job</h1>
      <${Fault} text=${fault} />
      ${fault !== undefined && html`<p><a href=${linkTo("queue")}>To the queue</a></p>`}
    `;
  }
  const rerun = () =>
    send<{ job_id: string }>("POST", jobPath(id, "/rerun")).then(
      ({ job_id }) => go(linkTo("job", job_id)),
      fail,
    );
  const cancel = () => send("DELETE", jobPath(id)).then(lookAgain, fail);
  const count = imageCount(job);
  const hasImage = count > 0 || job.state === "running";
  return html`
    <h1 tabindex="-1" class="prompt">${jobName(job)}</h1>
    <p><${StateWord} state=${job.state} /> <span class="dim">${job.job_id}</span></p>
    <${Fault} text=${fault} />
    <${Fault} text=${job.error} />
    <div class="split">
      <section aria-label="Images">
        <div class="stage">
          <${JobImage} job=${job} live=${live} box=${boxOf(BOX_PX)} index=${index}
            controls=${true} ...${zoom === 0 ? {} : { zoom }} />
        </div>
        <${ProgressBar} job=${job} live=${live} />
        <div class="bar">
          ${hasImage && html`<${ZoomBar} zoom=${zoom} set=${setZoom} />`}
          ${count > 1 && html`
            <span class="pages">
              <button type="button" disabled=${index === 0}
                onClick=${() => setIndex(index - 1)}>Previous</button>
              <span class="dim">image ${index + 1} of ${count}</span>
              <button type="button" disabled=${index === count - 1}
                onClick=${() => setIndex(index + 1)}>Next</button>
            </span>
          `}
        </div>
      </section>
      <section aria-label="About the job">
        <div class="bar">
          ${isOver(job)
            ? html`<button type="button" class="main" onClick=${rerun}>Run again with another seed</button>`
            : html`<button type="button" onClick=${cancel}>Cancel</button>`}
          <a class="button" href=${linkTo("new", "", settingsOf(job))}>Change and run</a>
        </div>
        <${Course} job=${job} live=${live} />
        <${Facts} job=${job} index=${index} />
        <${Downloads} job=${job} index=${index} fail=${fail} />
      </section>
    </div>
  `;
}

/** What happened when. */
function Course({ job, live }: { job: Job; live: Live | undefined }): Shown {
  const steps = [
    { word: "accepted", at: job.created_at },
    ...(job.started_at === undefined ? [] : [{
      word: job.attempts > 1 ? `started, attempt ${job.attempts}` : "started",
      at: job.started_at,
    }]),
    ...(live?.stages ?? []).filter(({ at }) => at >= (job.started_at ?? 0) - 1)
      .map(({ stage, at }) => ({ word: stageName(stage), at })),
    ...(job.finished_at === undefined ? [] : [{ word: job.state, at: job.finished_at }]),
  ];
  return html`
    <h2>Course</h2>
    <ol class="course">
      ${steps.map(({ word, at }, index) =>
        html`<li><span>${word}</span> <span class="dim">${moment(at)}${
          index === 0 ? "" : ` · ${duration(at - steps[index - 1]!.at)} later`
        }</span></li>`
      )}
    </ol>
  `;
}

function Facts({ job, index }: { job: Job; index: number }): Shown {
  const found = job.pixel?.find(({ image }) => image === index) ?? job.pixel?.[0];
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ["Model", job.model],
    ["LoRAs", job.loras?.map(({ name }) => name).join(", ") || undefined],
    ["Workflow", job.workflow],
    ["Size", job.size?.join(" × ")],
    ["Steps", job.steps],
    ["Seed", job.seed],
    ["Pixel art", found && pixelWords(found)],
    ["Server", job.server],
    ["Ran", job.duration_s === undefined ? undefined : duration(job.duration_s)],
  ];
  return html`
    <h2>Parameters</h2>
    <dl class="facts">
      ${facts.filter(([, value]) => value !== undefined).map(([name, value]) =>
        html`
          <dt>${name}</dt>
          <dd>${value}</dd>
        `
      )}
    </dl>
  `;
}

interface DownloadsProps {
  readonly job: Job;
  readonly index: number;
  readonly fail: (error: unknown) => void;
}

function Downloads({ job, index, fail }: DownloadsProps): Shown | null {
  if (job.state !== "completed" || imageCount(job) === 0) return null;
  const stem = job.image_path?.split("/").at(-1)?.replace(/(?:_sheet)?\.\w+$/, "") ?? "image";
  const ending = job.image_path?.split(".").at(-1) ?? "png";
  const button = (word: string, rest: string, name: string) =>
    html`<button type="button" onClick=${() =>
      void download(jobPath(job.job_id, rest), name).catch(fail)}>${word}</button>`;
  return html`
    <h2>Download</h2>
    <div class="bar">
      ${button("Image", `/images/${index}`, `${stem}_${index}.${ending}`)}
      ${hasSheet(job) && button("Sheet", "/sheet", `${stem}_sheet.png`)}
      ${hasSheet(job) && button("Atlas", "/atlas", `${stem}_sheet.json`)}
    </div>
  `;
}

/** Fetched first, as a plain link would send no token. */
async function download(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await (await ask(path)).blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** What the form is filled with. */
function settingsOf(
  { prompt, model, size, steps, seed, loras, workflow }: Job,
): Record<string, string> {
  const settings = {
    prompt,
    model,
    width: size?.[0],
    height: size?.[1],
    steps,
    seed,
    lora: loras?.[0]?.name,
    workflow,
  };
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}
