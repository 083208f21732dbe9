/** One ComfyUI as the least that a driver can do sees it: one event socket, each image synced to disk. */

/** A job of the drivers. */
export interface Job {
  readonly id: string;
  readonly steps: number;
  images: { readonly filename: string; readonly subfolder: string; readonly type: string }[];
}

/** Prompts at a server: one that runs, one that waits. */
export const MOST_AT_ONCE = 2;

/** Who is told what. */
export interface LaneOptions {
  /** Folder for images. */
  readonly folder: string;
  /** A sampler step is done. */
  readonly onStep?: (job: Job, step: number, steps: number) => void;
  /** The server is free for the next job. */
  readonly onEnd?: () => void;
  /** The images are on disk. */
  readonly onSaved: (job: Job) => void;
}

interface Message {
  readonly type: string;
  readonly data: {
    readonly prompt_id?: string;
    readonly value?: number;
    readonly max?: number;
    readonly output?: Pick<Job, "images">;
  };
}

const workflow = new URL("../../../workflows/pixel_art_workflow.json", import.meta.url);
const graph = JSON.parse(Deno.readTextFileSync(workflow));
const nodes: { class_type: string; inputs: Record<string, unknown> }[] = Object.values(graph);
const sampler = nodes.find((node) => node.class_type === "KSampler");
const size = nodes.find((node) => node.class_type === "EmptyLatentImage");
Object.assign(size?.inputs ?? {}, { width: 64, height: 64 });

/** A server. */
export class Lane {
  /** Settles when the event socket is open. */
  readonly opened: Promise<unknown>;
  readonly #url: string;
  readonly #options: LaneOptions;
  readonly #clientId = crypto.randomUUID();
  readonly #jobs = new Map<string, Job>();

  /** Connects. */
  constructor(url: string, options: LaneOptions) {
    this.#url = url;
    this.#options = options;
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=${this.#clientId}`);
    this.opened = new Promise((resolve) => socket.onopen = resolve);
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#hear(JSON.parse(data));
    };
  }

  /** Jobs that run or wait there. */
  get load(): number {
    return this.#jobs.size;
  }

  /** Hands over a job. @throws {Error} if the server refuses it. */
  async post(job: Job): Promise<void> {
    this.#jobs.set(job.id, job);
    const seed = Math.floor(Math.random() * 1e9);
    Object.assign(sampler?.inputs ?? {}, { steps: job.steps, seed });
    const answer = await fetch(`${this.#url}/prompt`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: graph, client_id: this.#clientId, prompt_id: job.id }),
    });
    if (!answer.ok) throw new Error(`The prompt was refused: ${await answer.text()}`);
    await answer.body?.cancel();
  }

  #hear({ type, data }: Message) {
    const job = this.#jobs.get(data.prompt_id ?? "");
    if (job === undefined) return;
    if (type === "progress") this.#options.onStep?.(job, data.value ?? 0, data.max ?? 0);
    if (type === "executed") job.images = data.output?.images ?? [];
    if (type === "execution_error") throw new Error("A prompt failed");
    if (type !== "execution_success") return;
    this.#jobs.delete(job.id);
    this.#options.onEnd?.();
    this.#save(job);
  }

  async #save(job: Job): Promise<void> {
    for (const { filename, subfolder, type } of job.images) {
      const query = new URLSearchParams({ filename, subfolder, type });
      const answer = await fetch(`${this.#url}/view?${query}`);
      const path = `${this.#options.folder}/${job.id}.png`;
      using file = await Deno.open(path, { write: true, createNew: true });
      await file.write(await answer.bytes());
      await file.sync();
    }
    this.#options.onSaved(job);
  }
}
