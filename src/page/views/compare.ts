/** Jobs side by side: chosen ones, or one prompt on several models and seeds. */

import { useState } from "preact/hooks";
import { get, send, wordsOf } from "../api.ts";
import { jobName, shortModel } from "../format.ts";
import { html, type Shown } from "../html.ts";
import { useLive, useLook } from "../live.ts";
import { useChoices } from "../parts/choices.ts";
import { boxOf, ZoomBar } from "../parts/image.ts";
import { JobImage } from "../parts/job_image.ts";
import { Fault, ProgressBar, StateWord } from "../parts/state.ts";
import { go, idsIn, linkTo, linkToJobs, type Place } from "../route.ts";
import type { JobList } from "../types.ts";

const LOOK_EVERY_MS = 4_000;
const BOX_PX = 256;
const NONE: JobList = { jobs: [] };

/** Most jobs that one comparison submits. */
const MAX_JOBS = 24;

/** The view. */
export function CompareView({ place }: { place: Place }): Shown {
  const ids = idsIn(place.query);
  return html`
    <h1 tabindex="-1">Compare</h1>
    ${ids.length > 0 && html`<${SideBySide} ids=${ids} />`}
    <${Start} />
  `;
}

function SideBySide({ ids }: { ids: readonly string[] }): Shown {
  const [zoom, setZoom] = useState(0);
  const live = useLive();
  const asked = String(new URLSearchParams(ids.map((id) => ["id", id])));
  const { answer: { jobs } = NONE, fault } = useLook(
    (signal) => get<JobList>(`/v1/jobs?${asked}`, signal),
    LOOK_EVERY_MS,
    [asked],
  );
  const prompts = new Set(jobs.map(jobName));
  return html`
    <${Fault} text=${fault} />
    ${prompts.size === 1 && html`<p class="prompt">${[...prompts][0]}</p>`}
    <div class="bar">
      <${ZoomBar} zoom=${zoom} set=${setZoom} />
    </div>
    <ul class="compare">
      ${jobs.map((job) =>
        html`<li key=${job.job_id}>
        <a class="frame" href=${linkTo("job", job.job_id)}>
          <${JobImage} job=${job} live=${live.of(job.job_id)} box=${boxOf(BOX_PX)}
            ...${zoom === 0 ? {} : { zoom }} /></a>
        <strong>${shortModel(job.model)}</strong>
        <span class="dim">seed ${job.seed ?? "–"}</span>
        ${prompts.size > 1 && html`<span class="caption">${jobName(job)}</span>`}
        <${ProgressBar} job=${job} live=${live.of(job.job_id)} />
        ${job.state !== "completed" && html`<${StateWord} state=${job.state} />`}
        ${job.error !== undefined && html`<span class="why">${job.error}</span>`}
      </li>`
      )}
    </ul>
  `;
}

/** One prompt, every chosen model with every seed. */
function Start(): Shown {
  const { models, fault: missing } = useChoices();
  const [fault, setFault] = useState<string>();
  const [wished, setWished] = useState<readonly string[]>();
  const checked = wished ?? models.slice(0, 1);
  const turn = (name: string) =>
    setWished(
      checked.includes(name) ? checked.filter((one) => one !== name) : [...checked, name],
    );
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const seeds = text("seeds").split(/[\s,]+/).filter((seed) => seed !== "").map(Number);
    const wishes = form.getAll("model").flatMap((model) => seeds.map((seed) => ({ model, seed })));
    if (wishes.length === 0) return setFault("Choose a model and give a seed");
    if (wishes.length > MAX_JOBS) {
      return setFault(`That is ${wishes.length} jobs; at most ${MAX_JOBS}`);
    }
    try {
      const common = {
        prompt: text("prompt"),
        size: [Number(text("width")), Number(text("height"))],
        steps: Number(text("steps")),
        cfg_scale: Number(text("cfg_scale")),
      };
      const ids: string[] = [];
      for (const wish of wishes) {
        const { job_id } = await send<{ job_id: string }>("POST", "/v1/jobs", {
          ...common,
          ...wish,
        });
        ids.push(job_id);
      }
      setFault(undefined);
      go(linkToJobs(ids));
    } catch (error) {
      setFault(wordsOf(error));
    }
  }
  const number = (name: string, label: string, value: number, min: number) =>
    html`<label>${label} <input name=${name} type="number" required min=${min} step=${
      name === "cfg_scale" ? "any" : 1
    } defaultValue=${value} /></label>`;
  return html`
    <h2>One prompt, several models or seeds</h2>
    <${Fault} text=${fault ?? missing} />
    <form class="form" onSubmit=${submit}>
      <label class="wide">Prompt <textarea name="prompt" rows="2" required maxlength="10000"></textarea></label>
      <fieldset class="wide"><legend>Models</legend>
        <div class="checks">
          ${models.map((name) =>
            html`<label key=${name}><input type="checkbox" name="model" value=${name}
              checked=${checked.includes(name)} onChange=${() => turn(name)} />
              ${shortModel(name)}</label>`
          )}
        </div>
      </fieldset>
      <label class="wide">Seeds <input name="seeds" required defaultValue="1, 2, 3" pattern="[\\d\\s,]+" /></label>
      ${number("width", "Width", 1024, 16)} ${number("height", "Height", 1024, 16)}
      ${number("steps", "Steps", 20, 1)} ${number("cfg_scale", "CFG scale", 7, 0)}
      <div class="wide bar"><button type="submit" class="main"
        disabled=${models.length === 0}>Compare</button></div>
    </form>
  `;
}
