/** Finished images, newest first, by prompt, model, seed and date. */

import { useEffect, useRef, useState } from "preact/hooks";
import { get, wordsOf } from "../api.ts";
import { jobName, moment, shortModel } from "../format.ts";
import { html, type Shown, valueOf } from "../html.ts";
import { JobImage } from "../parts/job_image.ts";
import { Fault } from "../parts/state.ts";
import { go, linkTo, linkToJobs, type Place } from "../route.ts";
import type { Job, JobList } from "../types.ts";

/** Images shown at a time. */
const PAGE = 48;

/** Jobs asked for at a time: filters may leave few of them. */
const STRIDE = 200;

/** Windows below this width show two smaller images beside each other, in CSS pixels; as in `style.css`. */
const NARROW_PX = 640;

interface Filter {
  readonly prompt: string;
  readonly model: string;
  readonly seed: string;
  readonly from: string;
  readonly to: string;
}

const NONE: Filter = { prompt: "", model: "", seed: "", from: "", to: "" };

/** The view. */
export function GalleryView({ place }: { place: Place }): Shown {
  const filter = filterOf(place.query);
  const { jobs, isDone, fault, more } = useFound(filter);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const set = (name: keyof Filter) => (event: Event) =>
    go(linkTo("gallery", "", filled({ ...filter, [name]: valueOf(event) })));
  const field = (name: keyof Filter, label: string, type: string) =>
    html`<label>${label} <input type=${type} value=${filter[name]} onChange=${
      set(name)
    } /></label>`;
  const choose = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return html`
    <h1 tabindex="-1">Gallery</h1>
    <form class="filters" role="search" onSubmit=${(event: Event) => event.preventDefault()}>
      ${field("prompt", "Prompt", "search")} ${field("model", "Model", "search")}
      ${field("seed", "Seed", "search")} ${field("from", "From", "date")} ${field(
        "to",
        "To",
        "date",
      )}
    </form>
    <${Fault} text=${fault} />
    <div class="bar">
      <span class="dim" role="status">${counted(jobs.length, isDone, chosen.length)}</span>
      ${jobs.length > 1 && html`
        <a class="button" aria-disabled=${chosen.length < 2 ? "true" : undefined}
          href=${chosen.length < 2 ? undefined : linkToJobs(chosen)}>Compare</a>
      `}
    </div>
    <ul class="gallery">
      ${jobs.map((job) =>
        html`
          <li key=${job.job_id}>
            <a class="frame" href=${linkTo("job", job.job_id)}>
              <${JobImage} job=${job} live=${undefined} box=${innerWidth < NARROW_PX ? 128 : 192} />
            </a>
            <span class="caption">${jobName(job)}</span>
            <span class="dim caption">${shortModel(job.model)}</span>
            <span class="dim made"><span>seed ${job.seed ?? "–"}</span>
              <span>${moment(job.finished_at)}</span></span>
            <label class="choose"><input type="checkbox" checked=${chosen.includes(job.job_id)}
                      onChange=${() => choose(job.job_id)} aria-label=${`Choose ${
                        jobName(job)
                      }`} /></label>
          </li>
        `
      )}
    </ul>
    ${jobs.length === 0 && isDone && html`<p class="empty">No images here.</p>`}
    ${!isDone && html`<button type="button" onClick=${more}>More</button>`}
  `;
}

function counted(images: number, isDone: boolean, chosen: number): string {
  const found = `${images} ${images === 1 ? "image" : "images"}${isDone ? "" : " so far"}`;
  if (chosen > 0) return `${found}, ${chosen} chosen`;
  return images === 0 ? found : `${found}; choose some to compare`;
}

/** How far a search has come. */
interface Search {
  readonly stop: AbortController;
  readonly found: Job[];
  cursor: string | undefined;
  wanted: number;
  /** Whether there is nothing more to ask for. */
  isWhole: boolean;
  isLoading: boolean;
}

/** Jobs that pass the filter, a page more each time. */
function useFound(filter: Filter) {
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [isDone, setDone] = useState(false);
  const [fault, setFault] = useState<string>();
  const search = useRef<Search>(undefined as never);
  async function load(): Promise<void> {
    const state = search.current;
    const { found, stop: { signal } } = state;
    const show = () => {
      setJobs(found.slice(0, state.wanted));
      setDone(state.isWhole && found.length <= state.wanted);
    };
    show();
    // The load that is under way takes in that more is wanted.
    if (state.isLoading) return;
    state.isLoading = true;
    try {
      while (!state.isWhole && found.length < state.wanted) {
        const query = new URLSearchParams({ state: "completed", limit: String(STRIDE) });
        if (state.cursor !== undefined) query.set("cursor", state.cursor);
        const page = await get<JobList>(`/v1/jobs?${query}`, signal);
        if (signal.aborted) return;
        found.push(...page.jobs.filter((job) => passes(job, filter)));
        const oldest = page.jobs.at(-1);
        state.cursor = page.cursor;
        state.isWhole = page.cursor === undefined ||
          (oldest !== undefined && isBefore(oldest, filter.from));
        show();
      }
    } catch (error) {
      if (!signal.aborted) setFault(wordsOf(error));
    } finally {
      state.isLoading = false;
    }
  }
  useEffect(() => {
    const stop = new AbortController();
    search.current = {
      stop,
      cursor: undefined,
      found: [],
      wanted: PAGE,
      isWhole: false,
      isLoading: false,
    };
    setFault(undefined);
    void load();
    return () => stop.abort();
  }, [JSON.stringify(filter)]);
  const more = () => {
    search.current.wanted += PAGE;
    void load();
  };
  return { jobs, isDone, fault, more };
}

function filterOf(query: URLSearchParams): Filter {
  return Object.fromEntries(
    Object.keys(NONE).map((name) => [name, query.get(name) ?? ""]),
  ) as unknown as Filter;
}

function filled(filter: Filter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
}

function passes(job: Job, { prompt, model, seed, from, to }: Filter): boolean {
  const has = (text: string | undefined, part: string) =>
    (text ?? "").toLowerCase().includes(part.trim().toLowerCase());
  return has(job.prompt, prompt) && has(job.model, model) &&
    (seed === "" || String(job.seed) === seed.trim()) && !isBefore(job, from) &&
    (to === "" || job.created_at < dayOf(to) + 86_400);
}

function isBefore(job: Job, from: string): boolean {
  return from !== "" && job.created_at < dayOf(from);
}

/** Beginning of a local day in Unix seconds. */
function dayOf(date: string): number {
  return new Date(`${date}T00:00`).getTime() / 1_000;
}
