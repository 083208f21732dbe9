/**
 * The floor of a driver on Deno: one event socket a server, one prompt that waits behind the one that runs, each
 * image synced to disk. It keeps and checks nothing. Arguments: folder for images, addresses of the servers. For
 * each line `{"jobs", "steps"}` it runs so many and then prints a line.
 */

interface Job {
  readonly id: string;
  readonly steps: number;
  images: { readonly filename: string; readonly subfolder: string; readonly type: string }[];
}

const [folder = "", ...urls] = Deno.args;
const workflow = new URL("../../../workflows/pixel_art_workflow.json", import.meta.url);
const graph = JSON.parse(Deno.readTextFileSync(workflow));
const nodes: { class_type: string; inputs: Record<string, unknown> }[] = Object.values(graph);
const sampler = nodes.find((node) => node.class_type === "KSampler");
const size = nodes.find((node) => node.class_type === "EmptyLatentImage");
Object.assign(size?.inputs ?? {}, { width: 64, height: 64 });

const queue: Job[] = [];
let left = 0;
let done = Promise.withResolvers<void>();

class Lane {
  readonly url: string;
  readonly opened: Promise<unknown>;
  readonly #clientId = crypto.randomUUID();
  readonly #jobs = new Map<string, Job>();

  constructor(url: string) {
    this.url = url;
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=${this.#clientId}`);
    this.opened = new Promise((resolve) => socket.onopen = resolve);
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#hear(JSON.parse(data));
    };
  }

  get load(): number {
    return this.#jobs.size;
  }

  async post(job: Job): Promise<void> {
    this.#jobs.set(job.id, job);
    const seed = Math.floor(Math.random() * 1e9);
    Object.assign(sampler?.inputs ?? {}, { steps: job.steps, seed });
    const answer = await fetch(`${this.url}/prompt`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: graph, client_id: this.#clientId, prompt_id: job.id }),
    });
    if (!answer.ok) throw new Error(`The prompt was refused: ${await answer.text()}`);
    await answer.body?.cancel();
  }

  #hear(
    { type, data }: { type: string; data: { prompt_id?: string; output?: Pick<Job, "images"> } },
  ) {
    const job = this.#jobs.get(data.prompt_id ?? "");
    if (job === undefined) return;
    if (type === "executed") job.images = data.output?.images ?? [];
    if (type === "execution_error") throw new Error("A prompt failed");
    if (type !== "execution_success") return;
    this.#jobs.delete(job.id);
    handOut();
    this.#save(job);
  }

  async #save(job: Job): Promise<void> {
    for (const { filename, subfolder, type } of job.images) {
      const query = new URLSearchParams({ filename, subfolder, type });
      const answer = await fetch(`${this.url}/view?${query}`);
      using file = await Deno.open(`${folder}/${job.id}.png`, { write: true, createNew: true });
      await file.write(await answer.bytes());
      await file.sync();
    }
    left -= 1;
    if (left === 0) done.resolve();
  }
}

const lanes = urls.map((url) => new Lane(url));

function handOut(): void {
  while (queue.length > 0) {
    const lane = lanes.reduce((best, other) => other.load < best.load ? other : best);
    if (lane.load >= 2) return;
    lane.post(queue.shift()!);
  }
}

await Promise.all(lanes.map(({ opened }) => opened));
tell("ready");
let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const { jobs, steps } = JSON.parse(line);
    done = Promise.withResolvers();
    left = jobs;
    for (let job = 0; job < jobs; job += 1) {
      queue.push({ id: crypto.randomUUID(), steps, images: [] });
    }
    handOut();
    await done.promise;
    tell("done");
  }
}

function tell(word: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(word)}\n`));
}
