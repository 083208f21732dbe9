/** Helpers for tests of the simulator. */

import {
  type Json,
  type JsonObject,
  type Simulator,
  type SimulatorClock,
  type SimulatorOptions,
  startSimulator,
} from "../../src/simulator/mod.ts";

/** Starts a simulator of version 0.3.64, unless told otherwise, that takes no time. */
export function startFast(options: SimulatorOptions = {}): Promise<Simulator> {
  return startSimulator({
    profile: "0.3.64",
    stepTimeMs: 0,
    loadTimeMs: 0,
    nodeTimeMs: 0,
    historyGapMs: 0,
    models: { checkpoints: ["sd_xl_base_1.0.safetensors", "tiny_sd3.safetensors"] },
    ...options,
  });
}

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  json(): JsonObject;
}

/** Asks the simulator; a body that is no text is sent as JSON. */
export async function ask(
  { url }: Simulator,
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const [method = "GET", path = "/"] = route.split(" ");
  const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url + path, {
    method,
    headers,
    ...(sent !== undefined && { body: sent }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** A graph in API format. */
export type Graph = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

/** The stock text-to-image graph. */
export function textToImage(sampling: Record<string, unknown> = {}, side = 64): Graph {
  return {
    "1": node("CheckpointLoaderSimple", { ckpt_name: "sd_xl_base_1.0.safetensors" }),
    "2": node("CLIPTextEncode", { text: "pixel art knight", clip: ["1", 1] }),
    "3": node("CLIPTextEncode", { text: "blurry", clip: ["1", 1] }),
    "4": node("EmptyLatentImage", { width: side, height: side, batch_size: 1 }),
    "5": node("KSampler", {
      seed: 1,
      steps: 2,
      cfg: 7,
      sampler_name: "euler",
      scheduler: "normal",
      denoise: 1,
      model: ["1", 0],
      positive: ["2", 0],
      negative: ["3", 0],
      latent_image: ["4", 0],
      ...sampling,
    }),
    "6": node("VAEDecode", { samples: ["5", 0], vae: ["1", 2] }),
    "7": node("SaveImage", { filename_prefix: "stock", images: ["6", 0] }),
  };
}

/** The shortest graph with an output: a plain image, saved. */
export function plainImage(
  inputs: Record<string, unknown> = {},
  save: Record<string, unknown> = {},
): Graph {
  return {
    "1": node("EmptyImage", { width: 4, height: 4, batch_size: 1, color: 0xff8000, ...inputs }),
    "2": node("SaveImage", { images: ["1", 0], filename_prefix: "plain", ...save }),
  };
}

/** A node. */
export function node(classType: string, inputs: Record<string, unknown>): Graph[string] {
  return { class_type: classType, inputs };
}

/** Queues a graph and waits for its history entry. */
export async function run(
  simulator: Simulator,
  prompt: Graph,
  rest: Record<string, unknown> = {},
): Promise<JsonObject> {
  const since = simulator.record.total;
  const answer = await ask(simulator, "POST /prompt", { prompt, ...rest });
  if (answer.status !== 200) throw new Error(`Prompt was refused: ${answer.text}`);
  const promptId = String(answer.json().prompt_id);
  await simulator.when("history_added", (event) => event.promptId === promptId, { since });
  return (await ask(simulator, `GET /history/${encodeURIComponent(promptId)}`))
    .json()[promptId] as JsonObject;
}

/** File names of the images that an output node left, by its history entry. */
export function filesOf(entry: JsonObject, nodeId: string): string[] {
  const { images = [] } = (entry.outputs as Record<string, JsonObject>)[nodeId] ?? {};
  return (images as { filename: string }[]).map(({ filename }) => filename);
}

/** Names of the messages that history keeps. */
export function messagesOf(entry: JsonObject): string[] {
  const { messages } = entry.status as { messages: [string, Json][] };
  return messages.map(([name]) => name);
}

/** A message of the WebSocket. */
export type Message =
  | { readonly kind: "json"; readonly type: string; readonly data: JsonObject }
  | { readonly kind: "binary"; readonly bytes: Uint8Array };

/** A WebSocket that keeps what it receives. */
export class Listener implements AsyncDisposable {
  readonly messages: Message[] = [];
  readonly closed: Promise<CloseEvent>;
  readonly #socket: WebSocket;
  #changed = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.closed = new Promise((resolve) => socket.addEventListener("close", resolve));
    socket.addEventListener("error", (event) => event.preventDefault());
    socket.addEventListener("message", ({ data }) => {
      this.messages.push(toMessage(data));
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }

  /** Sends a text. */
  send(message: unknown): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Waits for the first JSON message that matches. */
  async until(matches: (type: string, data: JsonObject) => boolean): Promise<JsonObject> {
    for (let index = 0;; index++) {
      while (index >= this.messages.length) await this.#changed.promise;
      const message = this.messages[index];
      if (message?.kind === "json" && matches(message.type, message.data)) return message.data;
    }
  }

  /** Waits for the message that ends a prompt. */
  async untilIdle(promptId?: unknown): Promise<void> {
    await this.until((type, data) =>
      type === "executing" && data.node === null &&
      (promptId === undefined || data.prompt_id === promptId)
    );
  }

  /** Types of the JSON messages; binary ones by their number. */
  types(): string[] {
    return this.messages.map((message) =>
      message.kind === "json" ? message.type : `binary ${message.bytes[3]}`
    );
  }

  /** Data of the JSON messages of a type. */
  ofType(type: string): JsonObject[] {
    return this.messages.flatMap((message) =>
      message.kind === "json" && message.type === type ? [message.data] : []
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

function toMessage(data: string | ArrayBuffer): Message {
  if (typeof data !== "string") return { kind: "binary", bytes: new Uint8Array(data) };
  const { type, data: content } = JSON.parse(data);
  return { kind: "json", type, data: content };
}

/** Connects and waits for the greeting. */
export async function listen({ url }: Simulator, clientId: string): Promise<Listener> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=${clientId}`);
  const listener = new Listener(socket);
  await listener.until((type) => type === "status");
  return listener;
}

/** A clock whose delays end when a test says so. */
export class StepClock implements SimulatorClock {
  #now = 1_700_000_000_000;
  readonly #waiting: { ms: number; resolve: () => void }[] = [];
  #asked = Promise.withResolvers<void>();

  now(): number {
    return this.#now;
  }

  delay(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push({
      ms,
      resolve: () => {
        signal.removeEventListener("abort", abort);
        resolve();
      },
    });
    this.#asked.resolve();
    this.#asked = Promise.withResolvers();
    return promise;
  }

  /** Waits until somebody waits, lets that wait end, and tells how long it should have been. */
  async next(): Promise<number> {
    while (this.#waiting.length === 0) await this.#asked.promise;
    const wait = this.#waiting.shift();
    if (wait === undefined) throw new Error("Nobody waits");
    this.#now += wait.ms;
    wait.resolve();
    return wait.ms;
  }
}
