/** The workers that share the queue, what each of them runs, and a button that lets it take no more. */

import { duration, jobName } from "../format.ts";
import { html, type Shown } from "../html.ts";
import { linkTo } from "../route.ts";
import type { Job, Worker } from "../types.ts";

/** Time without a word after which a worker is said to be silent, in seconds. */
const SILENT_S = 15;

interface WorkersProps {
  readonly workers: readonly Worker[];
  /** The jobs that run. */
  readonly running: readonly Job[];
  /** Drains one, or lets it take jobs again. */
  readonly turn: (worker: Worker) => void;
}

/** A card for each. */
export function Workers({ workers, running, turn }: WorkersProps): Shown {
  const own = workers.find((worker) => worker.own)?.name;
  return html`
    <ul class="cards">
      ${workers.map((worker) =>
        html`
          <${Card} key=${worker.name} worker=${worker} turn=${turn}
            jobs=${running.filter((job) => (job.worker ?? own) === worker.name)} />
        `
      )}
    </ul>
  `;
}

interface CardProps {
  readonly worker: Worker;
  readonly jobs: readonly Job[];
  readonly turn: (worker: Worker) => void;
}

function Card({ worker, jobs, turn }: CardProps): Shown {
  const { name, uptime_s, silent_s, servers, active_jobs, draining = false, own } = worker;
  const isSilent = silent_s > SILENT_S;
  const action = draining ? "Resume" : "Drain";
  return html`
    <li class="card worker">
      <h2>${name}</h2>
      <p><span class="state ${isSilent ? "unreachable" : "ready"}">${isSilent
        ? "silent"
        : "up"}</span>
        ${draining && html`
          <span class="state cancelled">drained</span>
        `}</p>
      <dl class="facts">
        ${own && html`
          <dt>Page</dt>
          <dd>shown by it</dd>
        `}
        ${uptime_s !== undefined && html`
          <dt>Up for</dt>
          <dd>${duration(uptime_s)}</dd>
        `}
        <dt>Last heard of</dt><dd>${silent_s < 1 ? "now" : `${duration(silent_s)} ago`}</dd>
        <dt>Servers</dt><dd>${servers}</dd>
        <dt>Running</dt><dd>${active_jobs}</dd>
      </dl>
      ${jobs.length > 0 && html`
        <ul>
          ${jobs.map((job) =>
            html`
              <li key=${job.job_id}><a href=${linkTo("job", job.job_id)}>${jobName(
                job,
              )}</a>${job.server !== undefined && ` on ${job.server}`}</li>
            `
          )}
        </ul>
      `}
      ${!isSilent && html`
        <button type="button" aria-label=${`${action} worker ${name}`}
          onClick=${() => turn(worker)}>${action}</button>
      `}
    </li>
  `;
}
