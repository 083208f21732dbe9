/** The workers of the queue and the ComfyUI servers. */

import { get, send } from "../api.ts";
import { shortModel } from "../format.ts";
import { html, type Shown } from "../html.ts";
import { lookAgain, useLook } from "../live.ts";
import { Fault } from "../parts/state.ts";
import { Workers } from "../parts/workers.ts";
import type { JobList, Server, ServerElsewhere, Worker } from "../types.ts";

const LOOK_EVERY_MS = 5_000;

/** Jobs that are shown at the workers that run them. */
const MOST_RUNNING = 200;

/** The view. */
export function ServersView(): Shown {
  const { answer, fault, fail } = useLook(
    (signal) => get<{ servers: Server[]; elsewhere?: ServerElsewhere[] }>("/v1/servers", signal),
    LOOK_EVERY_MS,
    [],
  );
  // The queue has to tell these, which may be away while the servers are not.
  const { answer: [cluster, running] = [], fault: queueFault } = useLook(
    (signal) =>
      Promise.all([
        get<{ workers: Worker[] }>("/v1/workers", signal),
        get<JobList>(`/v1/jobs?state=running&limit=${MOST_RUNNING}`, signal),
      ]),
    LOOK_EVERY_MS,
    [],
  );
  const turn = (kind: "servers" | "workers", { name, draining = false }: Server | Worker) => {
    const action = draining ? "resume" : "drain";
    send("POST", `/v1/${kind}/${encodeURIComponent(name)}/${action}`).then(lookAgain, fail);
  };
  return html`
    <h1 tabindex="-1">Servers</h1>
    <p class="dim">What is drained finishes what it runs and gets no more jobs.</p>
    <${Fault} text=${fault ?? queueFault} />
    <ul class="cards">
      ${answer?.servers.map((server) =>
        html`
          <li class="card" key=${server.name}>
            <h2>${server.name}</h2>
            <${Facts} server=${server} first=${["Address", server.url]} />
            ${server.error !== undefined && html`
              <p class="why">${server.error}</p>
            `}
            <button type="button" aria-label=${`${actionOn(server)} ${server.name}`}
              onClick=${() => turn("servers", server)}>${actionOn(server)}</button>
          </li>
        `
      )}
    </ul>
    ${answer?.elsewhere !== undefined && html`
      <h2>Servers of other workers</h2>
      <ul class="cards">
        ${answer.elsewhere.map((server) =>
          html`
            <li class="card" key=${`${server.worker} ${server.name}`}>
              <h2>${server.name}</h2>
              <${Facts} server=${server} first=${["Worker", server.worker]} />
            </li>
          `
        )}
      </ul>
    `}
    ${cluster !== undefined && html`
      <h2>Workers</h2>
      <${Workers} workers=${cluster.workers} running=${running?.jobs ?? []}
        turn=${(worker: Worker) => turn("workers", worker)} />
    `}
  `;
}

function actionOn({ draining = false }: Server): string {
  return draining ? "Resume" : "Drain";
}

interface FactsProps {
  readonly server: Server | ServerElsewhere;
  /** A name and a value that go before the others. */
  readonly first: readonly [string, string];
}

/** How a server is, whoever has it. */
function Facts({ server, first: [name, value] }: FactsProps): Shown {
  const { state, draining = false, active_jobs, loaded } = server;
  return html`
    <p><span class="state ${state}">${state}</span>
      ${draining && html`
        <span class="state cancelled">drained</span>
      `}</p>
    <dl class="facts">
      <dt>${name}</dt><dd>${value}</dd>
      <dt>Running</dt><dd>${active_jobs}</dd>
      ${loaded !== undefined && html`
        <dt>Loaded model</dt>
        <dd>${loaded.split("\n").map(shortModel).join(", ")}</dd>
      `}
    </dl>
  `;
}
