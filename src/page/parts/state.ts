/** How a job stands: a word with a colour, and a bar while it runs. */

import { duration, stageName } from "../format.ts";
import { html, type Shown } from "../html.ts";
import type { Live } from "../live.ts";
import type { Job } from "../types.ts";

/** The state as a word. */
export function StateWord({ state }: Pick<Job, "state">): Shown {
  const word = state === "queued" ? "waiting" : state;
  return html`<span class="state ${state}">${word}</span>`;
}

/** The bar of a job that runs. */
export function ProgressBar({ job, live }: { job: Job; live: Live | undefined }): Shown | null {
  if (job.state !== "running") return null;
  const progress = live?.progress ?? job.progress;
  if (progress === undefined) return html`<progress aria-label="Progress"></progress>`;
  const { percent, stage, step, total_steps: total, eta_s: eta } = progress;
  const steps = stage === "sampling" && total > 0 ? ` ${step}/${total}` : "";
  return html`
    <span class="progress">
      <progress max="100" value=${percent} aria-label="Progress"></progress>
      <span class="dim">${Math.floor(percent)} % · ${stageName(stage)}${steps} · ${duration(
        eta,
      )} left</span>
    </span>
  `;
}

/** What went wrong, with a role that screen readers announce. */
export function Fault({ text }: { text: string | undefined }): Shown | null {
  return text === undefined ? null : html`<p class="fault" role="alert">${text}</p>`;
}
