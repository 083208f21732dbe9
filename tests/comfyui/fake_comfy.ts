/**
 * A ComfyUI made of plain objects: each test moves its queue by hand, and may script any answer.
 * For what a whole server does by itself, the tests use the simulator.
 */

import assert from "node:assert/strict";
import { ComfyError, type ComfyErrorCode } from "../../src/errors.ts";
import { type ComfyClient, createComfyClient } from "../../src/comfyui/mod.ts";
import type { ComfyClientOptions, ComfyEvent, PromptGraph } from "../../src/comfyui/mod.ts";
import { ManualClock, settle } from "./manual_clock.ts";

/** A request that reached the server. */
export interface FakeRequest {
  /** Such as `POST /prompt`; ids in the path are left as they are. */
  route: string;
  query: URLSearchParams;
  json: unknown;
  form: FormData | undefined;
  signal: AbortSignal | undefined;
}

/** Answers a request; `undefined` leaves it to the default. */
export type FakeHandler = (
  request: FakeRequest,
) => Response | Promise<Response | undefined> | undefined;

/** A connection broken before the answer came. */
export class ConnectionReset extends TypeError {
  constructor() {
    super("Connection reset");
  }
}

/** One socket as the server sees it. */
export class FakeSocket extends EventTarget {
  binaryType: BinaryType = "blob";
  readyState: 0 | 1 | 2 | 3 = 0;
  readonly sent: unknown[] = [];
  readonly clientId: string;
  readonly #server: FakeComfy;

  constructor(server: FakeComfy, url: string) {
    super();
    this.#server = server;
    this.clientId = new URL(url).searchParams.get("clientId") ?? "";
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    if (this.#server.closesSockets) queueMicrotask(() => this.drop());
  }

  /** The handshake succeeds. */
  open(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  /** The server sends the message that confirms the socket. */
  confirm(sid: string = this.clientId): void {
    this.event("status", { status: { exec_info: { queue_remaining: 0 } }, sid });
  }

  /** The server sends an event. */
  event(type: string, data: Record<string, unknown>): void {
    this.message(JSON.stringify({ type, data }));
  }

  /** The server sends anything. */
  message(data: string | ArrayBuffer): void {
    if (this.readyState === 0 || this.readyState === 3) return;
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** The connection ends. */
  drop(): void {
    if (this.readyState === 3) return;
    if (this.readyState === 0) this.dispatchEvent(new ErrorEvent("error", { message: "refused" }));
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close"));
  }
}

/** The server. */
export class FakeComfy {
  readonly clock = new ManualClock();
  readonly sockets: FakeSocket[] = [];
  readonly requests: FakeRequest[] = [];
  readonly prompts = new Map<string, { graph: PromptGraph; extraData: Record<string, unknown> }>();
  readonly history = new Map<string, Record<string, unknown>>();
  /** Waiting prompts. */
  pending: string[] = [];
  /** The prompt that runs. */
  running: string | undefined;
  /** False for a server that cannot be reached, by HTTP or WebSocket. */
  isUp = true;
  /** True for servers before 0.3.45: they choose ids, and have no features. */
  isOld = false;
  /** True where something on the way lets no socket through. */
  refusesSockets = false;
  /** False for a server that accepts sockets but never confirms them. */
  confirmsSockets = true;
  /** False for a server that does not answer the closing of a socket. */
  closesSockets = true;
  readonly #handlers = new Map<string, FakeHandler>();
  #number = 0;

  /** A client of this server. */
  client(options: Partial<ComfyClientOptions> = {}): ComfyClient {
    return createComfyClient({
      url: "http://comfy.test/",
      fetch: (input, init) => this.#fetch(input, init),
      createWebSocket: (url) => this.#connect(url),
      now: this.clock.now,
      delay: this.clock.delay,
      random: this.clock.random,
      ...options,
    });
  }

  /** Scripts a route. */
  on(route: string, handler: FakeHandler): void {
    this.#handlers.set(route, handler);
  }

  /** Scripts the next request of a route only. */
  once(route: string, handler: FakeHandler): void {
    this.on(route, (request) => {
      this.#handlers.delete(route);
      return handler(request);
    });
  }

  /** The socket opened last. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("No socket was opened");
    return socket;
  }

  /** Sockets that are not closed. */
  get openSockets(): FakeSocket[] {
    return this.sockets.filter(({ readyState }) => readyState < 2);
  }

  /** How often a route was asked. */
  count(route: string): number {
    return this.requests.filter((request) => request.route === route).length;
  }

  /** Takes the next prompt from the queue, as the only worker of ComfyUI does. */
  start(): string {
    const id = this.pending.shift();
    if (id === undefined) throw new Error("Nothing is pending");
    this.running = id;
    return id;
  }

  /** Ends the running prompt. */
  finish(messages: unknown[] = [["execution_success", {}]], outputs: unknown = {}): string {
    const id = this.running;
    if (id === undefined) throw new Error("Nothing is running");
    this.running = undefined;
    const status = { status_str: "success", completed: true, messages };
    this.history.set(id, { prompt: this.#item(id), outputs, status });
    return id;
  }

  /** Forgets everything, and drops the sockets. */
  restart(): void {
    this.pending = [];
    this.running = undefined;
    this.history.clear();
    for (const socket of this.openSockets) socket.drop();
  }

  #connect(url: string): FakeSocket {
    const socket = new FakeSocket(this, url);
    this.sockets.push(socket);
    queueMicrotask(() => {
      if (!this.isUp || this.refusesSockets) return socket.drop();
      socket.open();
      if (this.confirmsSockets) socket.confirm();
    });
    return socket;
  }

  async #fetch(input: string, init: RequestInit): Promise<Response> {
    const url = new URL(input);
    const { body } = init;
    const request: FakeRequest = {
      route: `${init.method} ${decodeURIComponent(url.pathname)}`,
      query: url.searchParams,
      json: typeof body === "string" ? JSON.parse(body) : undefined,
      form: body instanceof FormData ? body : undefined,
      signal: init.signal ?? undefined,
    };
    await Promise.resolve();
    request.signal?.throwIfAborted();
    if (!this.isUp) throw new ConnectionReset();
    this.requests.push(request);
    const answer = await this.#handlers.get(request.route)?.(request);
    return answer ?? this.#answer(request);
  }

  #answer(request: FakeRequest): Response {
    const { route } = request;
    if (route === "POST /prompt") return this.accept(request);
    if (route === "GET /queue") {
      const running = this.running === undefined ? [] : [this.running];
      return Response.json({
        queue_running: running.map((id) => this.#item(id)),
        queue_pending: this.pending.map((id) => this.#item(id)),
      });
    }
    if (route === "GET /history") return Response.json(Object.fromEntries(this.history));
    if (route.startsWith("GET /history/")) {
      const id = route.slice("GET /history/".length);
      const entry = this.history.get(id);
      return Response.json(entry === undefined ? {} : { [id]: entry });
    }
    if (route === "POST /queue") {
      const { delete: ids } = request.json as { delete: string[] };
      this.pending = this.pending.filter((id) => !ids.includes(id));
      return new Response();
    }
    if (route === "POST /interrupt") return new Response();
    if (route === "GET /features" && !this.isOld) {
      return Response.json({ supports_preview_metadata: true });
    }
    return new Response(null, { status: route.startsWith("GET") ? 404 : 405 });
  }

  /** Queues a prompt as `POST /prompt` does. */
  accept(request: FakeRequest): Response {
    const json = request.json as {
      prompt: PromptGraph;
      prompt_id: string;
      client_id: string;
      extra_data: Record<string, unknown>;
    };
    const number = this.#number++;
    const id = this.isOld ? `server-id-${number}` : json.prompt_id;
    const extraData = { ...json.extra_data, client_id: json.client_id };
    this.prompts.set(id, { graph: json.prompt, extraData });
    this.pending.push(id);
    return Response.json({ prompt_id: id, number, node_errors: {} });
  }

  #item(id: string): unknown[] {
    const prompt = this.prompts.get(id);
    return [0, id, prompt?.graph ?? {}, prompt?.extraData ?? {}, []];
  }
}

/** A run whose events are collected. */
export interface Collected {
  /** Events so far. */
  readonly events: ComfyEvent[];
  /** Their types. */
  types(): string[];
  /** What became of the connection. */
  states(): string[];
  /** Resolves with the next event; rejects when there is none. */
  changed(): Promise<void>;
  /** The error that ended the run, or `undefined` when it ended well; waits for the end. */
  readonly ended: Promise<unknown>;
}

/** Reads a run to its end in the background. */
export function collect(run: AsyncIterable<ComfyEvent>): Collected {
  const events: ComfyEvent[] = [];
  let change = Promise.withResolvers<void>();
  async function read(): Promise<unknown> {
    try {
      for await (const event of run) {
        events.push(event);
        change.resolve();
        change = Promise.withResolvers();
      }
      return undefined;
    } catch (error) {
      return error;
    } finally {
      change.promise.catch(() => {});
      change.reject(new Error(`The run ended after ${events.map(({ type }) => type).join()}`));
    }
  }
  return {
    events,
    types: () => events.map(({ type }) => type),
    states: () => events.flatMap((event) => event.type === "connection" ? [event.state] : []),
    changed: () => change.promise,
    ended: read(),
  };
}

/** Asserts that a run ended with an expected failure. */
export function assertFailed(
  error: unknown,
  expected: { code: ComfyErrorCode; status?: number; nodeId?: string },
): void {
  assert(error instanceof ComfyError, String(error));
  const { code, status, nodeId } = error;
  assert.partialDeepStrictEqual({ code, status, nodeId }, expected);
}

/** A graph for tests that do not look into it. */
export const anyGraph: PromptGraph = {
  "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x" } },
};

/** The output of a node that saved images of these names. */
export function saved(...filenames: string[]): Record<string, unknown> {
  return {
    "2": { images: filenames.map((filename) => ({ filename, subfolder: "", type: "output" })) },
  };
}

export { settle };

/** Lets the prompt that was posted begin, and tells of it. */
export async function started(comfy: FakeComfy): Promise<string> {
  await settle();
  const prompt_id = comfy.start();
  comfy.socket.event("status", { status: { exec_info: { queue_remaining: 1 } } });
  comfy.socket.event("execution_start", { prompt_id });
  await settle();
  return prompt_id;
}
