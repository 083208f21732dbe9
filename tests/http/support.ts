/** A worker on a simulator that is asked over HTTP. */

import type { Flags } from "../../src/config/mod.ts";
import { type WorkerSetup, workerSetup, type WorkerSetupOptions } from "../support/worker.ts";

/** A worker and how to ask it. */
export interface HttpSetup extends AsyncDisposable {
  readonly worker: WorkerSetup;
  readonly url: string;
  /** Asks; the body is read by the caller. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Submits a job and gives its answer. */
  submit(fields?: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>;
  /** Adds a server. */
  addServer(fields: unknown): Promise<Response>;
}

/** Fields of a quick job, but its id. */
export const JOB = {
  prompt: "a knight",
  model: "sd_xl_base_1.0.safetensors",
  size: [64, 64],
  steps: 2,
  cfg_scale: 7,
};

/** Starts one on a free port of 127.0.0.1. */
export async function httpSetup(
  flags: Flags = {},
  options: WorkerSetupOptions = {},
): Promise<HttpSetup> {
  const setup = await workerSetup({
    ...options,
    flags: { "http-addr": "127.0.0.1:0", ...flags },
  });
  const url = setup.worker.httpUrl ?? "";
  const ask = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, init);
  const send = (path: string, fields: unknown, headers: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(fields),
    });
  return {
    worker: setup,
    url,
    ask,
    submit: (fields = {}, headers = {}) => send("/v1/jobs", { ...JOB, ...fields }, headers),
    addServer: (fields) => send("/v1/servers", fields),
    [Symbol.asyncDispose]: () => setup[Symbol.asyncDispose](),
  };
}

/** The status of an answer whose body nobody wants. */
export async function statusOf(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
}

/** One server-sent event. */
export interface SentEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: unknown;
}

/** Reads the events of a stream; comments are passed over. */
export async function* eventsOf(response: Response): AsyncGenerator<SentEvent> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field("data");
      if (data !== undefined) {
        yield { id: field("id"), event: field("event"), data: JSON.parse(data) };
      }
    }
  }
}
