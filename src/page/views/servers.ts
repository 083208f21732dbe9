/** The ComfyUI servers. */

import { get, send } from "../api.ts";
import { shortModel } from "../format.ts";
import { html, type Shown } from "../html.ts";
import { lookAgain, useLook } from "../live.ts";
import { Fault } from "../parts/state.ts";
import type { Server } from "../types.ts";

const LOOK_EVERY_MS = 5_000;

/** The view. */
export function ServersView(): Shown {
  const { answer, fault, fail } = useLook(
    (signal) => get<{ servers: Server[] }>("/v1/servers", signal),
    LOOK_EVERY_MS,
    [],
  );
  const turn = ({ name, draining = false }: Server) => {
    const action = draining ? "resume" : "drain";
    send("POST", `/v1/servers/${encodeURIComponent(name)}/${action}`).then(lookAgain, fail);
  };
  return html`
    <h1 tabindex="-1">Servers</h1>
    <p class="dim">A drained server finishes what it runs and gets no more jobs.</p>
    <${Fault} text=${fault} />
    <ul class="cards">
      ${answer?.servers.map((server) =>
        html`<li class="card" key=${server.name}>
        <h2>${server.name}</h2>
        <p><span class="state ${server.state}">${server.state}</span>
          ${
          server.draining && html`
            <span class="state cancelled">drained</span>
          `
        }</p>
        <dl class="facts">
          <dt>Address</dt><dd>${server.url}</dd>
          <dt>Running</dt><dd>${server.active_jobs}</dd>
          ${
          server.loaded_model !== undefined &&
          html`
            <dt>Loaded model</dt>
            <dd>${shortModel(server.loaded_model)}</dd>
          `
        }
        </dl>
        ${server.error !== undefined && html`<p class="why">${server.error}</p>`}
        <button type="button" aria-label=${`${server.draining ? "Resume" : "Drain"} ${server.name}`}
          onClick=${() => turn(server)}>${server.draining ? "Resume" : "Drain"}</button>
      </li>`
      )}
    </ul>
  `;
}
