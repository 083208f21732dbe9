/** A small ComfyUI on a real port, whose nodes give what a test says, and what runs jobs on it. */

import { PostOrder } from "../../src/sandbox/post_order.ts";
import type { JobContext } from "../../src/sandbox/context.ts";
import { createAlarm } from "../../src/comfyui/mod.ts";
import type { RunEvent, RunOutcome, RunSpec, SandboxSetup } from "../../src/executor/messages.ts";
import { createInputImages } from "../../src/sandbox/input.ts";
import { runJob } from "../../src/sandbox/job.ts";
import { createModelIndex } from "../../src/sandbox/models.ts";
import { createNodeIndex } from "../../src/sandbox/nodes.ts";
import { watchServer } from "../../src/sandbox/server.ts";
import { SavedAgain } from "../../src/sandbox/touch.ts";
import { loadCatalog } from "../../src/workflow/mod.ts";
import { encodePng } from "../../src/images/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";

/** Tells the client something over the event socket: JSON or a binary frame. */
export type Tell = (message: Record<string, unknown> | Uint8Array<ArrayBuffer>) => void;

/** What a node gives for display. */
type Output = Record<string, unknown>;

/** Options of {@linkcode startStandIn}. */
export interface StandInOptions {
  /** What nodes of a class give; SaveImage saves a PNG of its own accord. */
  nodes?: Record<string, (server: StandIn, tell: Tell) => Output | undefined>;
  /** Answers a request in place of the server. */
  gate?: (request: Request, url: URL) => Response | undefined;
  /** True to remember what nodes gave for the same inputs. */
  hasCache?: boolean;
  /** What `GET /object_info/{class}` tells; it fails without. */
  classes?: Record<string, unknown>;
}

/** The server. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** Graphs that were posted. */
  readonly posts: Record<string, { class_type: string; inputs: Record<string, unknown> }>[];
  /** Requests in order, such as `GET /view`. */
  readonly hits: string[];
  /** What is in its folders, by name. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Puts a file there; returns how nodes name it. */
  save(filename: string, bytes: Uint8Array<ArrayBuffer>): Output;
}

/** A PNG of 8 x 8 pixels. */
export async function smallPng(): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(8 * 8 * 4).fill(0x80);
  const raster = { width: 8, height: 8, channels: 4, data } as const;
  return new Uint8Array(await encodePng(raster, {}));
}

/** Starts a stand-in on a free port. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { nodes = {}, gate, hasCache = false, classes } = options;
  const png = await smallPng();
  const history = new Map<string, unknown>();
  const sockets = new Map<string, WebSocket>();
  const cache = new Map<string, Output | undefined>();
  let count = 0;
  const server: Omit<StandIn, "url"> & { url: string } = {
    url: "",
    posts: [],
    hits: [],
    files: new Map(),
    save(filename, bytes) {
      server.files.set(filename, bytes);
      return { filename, subfolder: "", type: "output" };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.values()) socket.close();
      await listener.shutdown();
    },
  };

  function run(promptId: string, clientId: string, graph: StandIn["posts"][number]): void {
    const tell = (type: string, data: Output) => {
      const socket = sockets.get(clientId);
      if (socket?.readyState !== 1) return;
      socket.send(JSON.stringify({ type, data: { ...data, prompt_id: promptId } }));
    };
    tell("execution_start", {});
    const keyOf = ({ class_type, inputs }: StandIn["posts"][number][string]) =>
      JSON.stringify([class_type, inputs]);
    const remembered = Object.keys(graph).filter((id) => cache.has(keyOf(graph[id]!)));
    tell("execution_cached", { nodes: hasCache ? remembered : [] });
    const outputs: Record<string, Output> = {};
    for (const [id, node] of Object.entries(graph)) {
      const { class_type } = node;
      const key = keyOf(node);
      let output = cache.get(key);
      if (!hasCache || !cache.has(key)) {
        tell("executing", { node: id, display_node: id });
        output = nodes[class_type]?.(server, (message) => {
          if (!(message instanceof Uint8Array)) {
            tell(String(message.type), { ...message, node: id });
          } else sockets.get(clientId)?.send(message);
        });
        if (class_type === "SaveImage" && nodes[class_type] === undefined) {
          output = { images: [server.save(`x_${++count}_.png`, png)] };
        }
        cache.set(key, output);
      }
      if (output === undefined) continue;
      outputs[id] = output;
      tell("executed", { node: id, display_node: id, output });
    }
    tell("execution_success", {});
    const messages = [["execution_success", { prompt_id: promptId }]];
    const status = { status_str: "success", completed: true, messages };
    history.set(promptId, { prompt: [], outputs, status });
    tell("executing", { node: null });
  }

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const { pathname } = url;
    server.hits.push(`${request.method} ${pathname}`);
    const gated = gate?.(request, url);
    if (gated !== undefined) return gated;
    if (pathname === "/ws") {
      const clientId = url.searchParams.get("clientId") ?? "";
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onopen = () => {
        sockets.set(clientId, socket);
        const data = { status: { exec_info: { queue_remaining: 0 } }, sid: clientId };
        socket.send(JSON.stringify({ type: "status", data }));
      };
      return response;
    }
    if (pathname === "/queue") return Response.json({ queue_running: [], queue_pending: [] });
    if (pathname === "/features") return Response.json({ supports_preview_metadata: true });
    if (pathname === "/system_stats") return Response.json({ system: {}, devices: [] });
    if (pathname === "/upload/image") return Response.json({ name: "up.png", subfolder: "" });
    if (pathname.startsWith("/history/")) {
      const id = pathname.slice("/history/".length);
      return Response.json(history.has(id) ? { [id]: history.get(id) } : {});
    }
    if (pathname.startsWith("/object_info/") && classes !== undefined) {
      const name = decodeURIComponent(pathname.slice("/object_info/".length));
      return Response.json(name in classes ? { [name]: classes[name] } : {});
    }
    if (pathname === "/prompt") {
      const { prompt, prompt_id, client_id } = await request.json();
      server.posts.push(prompt);
      setTimeout(() => run(prompt_id, client_id, prompt), 1);
      return Response.json({ prompt_id, number: server.posts.length, node_errors: {} });
    }
    const file = server.files.get(url.searchParams.get("filename") ?? "");
    if (pathname === "/view" && file !== undefined) return new Response(file);
    return new Response(null, { status: request.method === "GET" ? 404 : 405 });
  }

  const listener = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  server.url = `http://127.0.0.1:${listener.addr.port}`;
  return server;
}

/** What runs jobs on a stand-in. */
export interface StandInJobs extends AsyncDisposable {
  readonly dir: string;
  readonly context: JobContext;
  /** Messages of the log so far. */
  readonly logged: readonly string[];
  /** Runs a job of the workflow `graph`. */
  run(request?: Record<string, unknown>, spec?: Partial<RunSpec>): Promise<{
    outcome: RunOutcome;
    events: RunEvent[];
  }>;
}

/** A graph that any request can be written into; its last node is the one given. */
export function graphEndingIn(
  ...last: { class_type: string; inputs?: Record<string, unknown> }[]
): Record<string, unknown> {
  const text = (value: string) => ({
    class_type: "CLIPTextEncode",
    inputs: { text: value, clip: ["1", 1] },
  });
  return {
    "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "m.safetensors" } },
    "2": text("a"),
    "3": text("b"),
    "4": { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
    "5": {
      class_type: "KSampler",
      inputs: {
        model: ["1", 0],
        seed: 1,
        steps: 4,
        cfg: 7,
        sampler_name: "euler",
        scheduler: "normal",
        denoise: 1,
        positive: ["2", 0],
        negative: ["3", 0],
        latent_image: ["4", 0],
      },
    },
    "6": { class_type: "VAEDecode", inputs: { samples: ["5", 0], vae: ["1", 2] } },
    ...Object.fromEntries(last.map(({ class_type, inputs = {} }, index) => [
      String(7 + index),
      { class_type, inputs: { images: ["6", 0], ...inputs } },
    ])),
  };
}

/** Makes ready all that jobs on a stand-in need, with one workflow or its file, and waits for the server. */
export async function standInJobs(
  server: Pick<StandIn, "url">,
  graph: Record<string, unknown> | string,
  setupFields: Partial<SandboxSetup> = {},
): Promise<StandInJobs> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const workflows = starting.use(await tempDir());
  const file = typeof graph === "string" ? graph : JSON.stringify(graph);
  await Deno.writeTextFile(`${workflows.path}/graph.json`, file);
  const setup: SandboxSetup = {
    serverUrl: server.url,
    clientId: crypto.randomUUID(),
    outputDir: dir.path,
    inputDir: dir.path,
    modelDirs: {},
    defaultWorkflow: "graph",
    filenamePattern: "{job_id}_{index}",
    keepPreviews: true,
    maxPreviewsPerSecond: 0,
    maxPreviews: 100,
    progressPerSecond: 0,
    stallTimeoutMs: 10_000,
    allowGlobalInterrupt: false,
    ...setupFields,
  };
  const logged: string[] = [];
  const ready = Promise.withResolvers<void>();
  const log: JobContext["log"] = (_level, message) => void logged.push(message);
  const watch = starting.use(watchServer(setup, { log, onState: () => ready.resolve() }));
  await ready.promise;
  const context: JobContext = {
    setup,
    catalog: await loadCatalog({ dir: workflows.path, defaultWorkflow: "graph" }),
    server: watch,
    models: createModelIndex(watch),
    inputs: createInputImages(setup.inputDir),
    nodes: createNodeIndex(watch),
    loaded: new Set(),
    again: new SavedAgain(),
    order: new PostOrder(),
    later: createAlarm(),
    log,
  };
  const running = starting.move();
  return {
    dir: dir.path,
    context,
    logged,
    async run(request = {}, fields = {}) {
      const events: RunEvent[] = [];
      const spec: RunSpec = {
        jobId: "j",
        request: generateRequest({ size: [64, 64], steps: 4, workflow: "graph", ...request }),
        seed: 1,
        promptId: crypto.randomUUID(),
        resumed: false,
        hadStarted: false,
        ...fields,
      };
      const { signal } = new AbortController();
      const onEvent = (event: RunEvent) => void events.push(event);
      return { outcome: await runJob(context, spec, { signal, onEvent }), events };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
