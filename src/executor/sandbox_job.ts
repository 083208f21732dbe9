/** One job on one ComfyUI server, from the request to the files. */

import {
  type ComfyEvent,
  createProgressTracker,
  type ImageRef,
  type ProgressSnapshot,
} from "../comfyui/mod.ts";
import { ComfyError, JobError } from "../errors.ts";
import type { LogFields, LogLevel } from "../log.ts";
import { bindTemplate, type Catalog, type Graph, type Template } from "../workflow/mod.ts";
import { startSpan } from "../trace.ts";
import type { RunEvent, RunOutcome, RunSpec, SandboxSetup } from "./messages.ts";
import { createProgressGate } from "./progress_gate.ts";
import { createPreviewFolder } from "./sandbox_previews.ts";
import { makeGraph } from "./sandbox_check.ts";
import type { InputImages } from "./sandbox_input.ts";
import type { ModelIndex } from "./sandbox_models.ts";
import { saveImages } from "./sandbox_output.ts";
import type { NodeIndex } from "./sandbox_nodes.ts";
import { describeJob } from "./sandbox_parameters.ts";
import type { ServerWatch } from "./sandbox_server.ts";
import { Watchdog } from "./watchdog.ts";

/** What the jobs of a sandbox share. */
export interface JobContext {
  /** How the sandbox was set up. */
  readonly setup: SandboxSetup;
  /** The workflows. */
  readonly catalog: Catalog;
  /** The server. */
  readonly server: ServerWatch;
  /** The server's models. */
  readonly models: ModelIndex;
  /** What the server tells of its node classes. */
  readonly nodes: NodeIndex;
  /** The pictures that requests start from. */
  readonly inputs: InputImages;
  /** Takes log lines. */
  readonly log: (level: LogLevel, message: string, fields?: LogFields) => void;
}

/** How to run a job. */
export interface JobOptions {
  /** Cancels it. */
  signal: AbortSignal;
  /** Takes what happens, in order. */
  onEvent: (event: RunEvent) => void;
}

/** Failures that are the server's or the network's: the same job may succeed later or elsewhere. */
const RETRYABLE: ReadonlySet<string> = new Set([
  "unreachable",
  "timeout",
  "http_status",
  "bad_answer",
  "lost",
  "out_of_memory",
]);

/** Failures after which the prompt may still be on the server. */
const DOUBTFUL: ReadonlySet<string> = new Set([
  "unreachable",
  "timeout",
  "http_status",
  "bad_answer",
]);

/** Time to ask a server what became of a prompt that failed, in milliseconds. */
const ASK_MS = 2_000;

/** Runs a job. What goes wrong with ComfyUI or with the request is an outcome, not an exception. */
export async function runJob(
  context: JobContext,
  spec: RunSpec,
  options: JobOptions,
): Promise<RunOutcome> {
  const began = performance.now();
  const run = new JobRun(context, spec, options);
  try {
    const imagePaths = await run.paint();
    const tookMs = Math.round(performance.now() - began);
    context.log("info", "Picture done", { jobId: spec.jobId, tookMs, files: imagePaths.length });
    return { type: "completed", imagePaths };
  } catch (error) {
    return await run.explain(error);
  }
}

type WireProgress = Extract<RunEvent, { type: "progress" }>["progress"];

class JobRun {
  readonly #context: JobContext;
  readonly #spec: RunSpec;
  readonly #options: JobOptions;
  #started = false;
  /** True once the prompt may be on the server. */
  #mayBeThere: boolean;

  constructor(context: JobContext, spec: RunSpec, options: JobOptions) {
    this.#context = context;
    this.#spec = spec;
    this.#options = options;
    this.#mayBeThere = spec.resumed;
  }

  /** Follows the prompt to its pictures; returns their paths. */
  async paint(): Promise<string[]> {
    const { catalog, setup } = this.#context;
    const { request, jobId } = this.#spec;
    const { signal, onEvent } = this.#options;
    const template = catalog.choose(request);
    this.#context.log("info", "Workflow chosen", { jobId, workflow: template.name });
    const graph = await this.#prepare(template, signal);
    this.#mayBeThere = true;
    const tracker = createProgressTracker(graph);
    await using previews = createPreviewFolder(
      setup,
      jobId,
      (path, step) => onEvent({ type: "preview", path, step }),
    );
    using watchdog = new Watchdog(setup.stallTimeoutMs);
    const gate = createProgressGate<WireProgress>(setup.progressPerSecond);
    const tell = (news: WireProgress[]) =>
      news.forEach((progress) => onEvent({ type: "progress", progress }));
    using following = startSpan("follow the prompt", this.#spec);
    let images: readonly ImageRef[] = [];
    let last: ProgressSnapshot | undefined;
    for await (const event of this.#follow(graph, AbortSignal.any([signal, watchdog.signal]))) {
      // Waiting behind other people's prompts is no stall, and a broken connection no sign of life.
      const alive = event.type !== "queued" && event.type !== "connection";
      if (alive) watchdog.feed();
      if (event.type === "connection" && event.state === "lost") {
        this.#context.server.lost("the connection broke");
      }
      if (alive && !this.#started) onEvent({ type: "started", workflow: template.name });
      this.#started ||= alive;
      const progress = tracker.update(event);
      last = progress ?? last;
      // The end is told when the files are there.
      if (event.type === "completed") images = event.images;
      else if (progress !== undefined) tell(gate.take(toWire(progress)));
      if (event.type === "preview") previews.offer({ ...event, step: last?.step ?? 0 });
    }
    tell(gate.flush());
    await previews.flush();
    following[Symbol.dispose]();
    using _saving = startSpan("save the pictures", this.#spec);
    const parameters = describeJob(this.#spec, template, graph);
    const paths = await saveImages(this.#context, this.#spec, images, { parameters, signal });
    const done = { percent: 100, eta_s: 0 };
    if (last !== undefined) tell(gate.take({ ...toWire(last), ...done }));
    return paths;
  }

  /** Turns what went wrong into an outcome. */
  async explain(error: unknown): Promise<RunOutcome> {
    const { server } = this.#context;
    const { resumed, hadStarted } = this.#spec;
    const aborted = this.#options.signal.aborted;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof JobError) return failed(error.code, message);
    if (!(error instanceof ComfyError)) {
      return aborted ? { type: "cancelled" } : failed("sandbox", message);
    }
    const { code } = error;
    const keepPrompt = this.#mayBeThere && DOUBTFUL.has(code);
    // Only what ComfyUI shows counts as cancelled; what is in doubt is looked at again.
    if (aborted && !keepPrompt) return { type: "cancelled" };
    if (code === "unreachable") server.lost(message);
    // Perhaps because somebody tidied up the server's input directory.
    if (code === "rejected") this.#context.inputs.forget();
    if (code === "out_of_memory") await server.client.free({ timeoutMs: ASK_MS }).catch(() => {});
    if (code === "stalled") return await this.#explainStall(message);
    const crashed = code === "lost" && (this.#started || (resumed && hadStarted));
    return { ...failed(code, message), retry: RETRYABLE.has(code), keepPrompt, crashed };
  }

  async #prepare(template: Template, signal: AbortSignal): Promise<Graph> {
    using _span = startSpan("make the graph", this.#spec);
    await this.#reach(signal);
    return await this.#makeGraph(template, signal);
  }

  /** A job whose server turns out to be away before anything is posted is surely not on it. */
  async #reach(signal: AbortSignal): Promise<void> {
    const { client } = this.#context.server;
    try {
      await client.connect({ signal });
    } catch (error) {
      if (!(error instanceof ComfyError)) throw error;
      // Where only events cannot be had, the prompt can be followed without them.
      await client.queue({ signal });
    }
  }

  /** Of a prompt that is on the server already, only the shape is of interest. */
  async #makeGraph(template: Template, signal: AbortSignal): Promise<Graph> {
    const { inputs, server } = this.#context;
    const { request, resumed, seed } = this.#spec;
    if (resumed) return bindTemplate(template, request, { seed });
    const initImage = await inputs.bring(request, server.client, signal);
    const picture = initImage === undefined ? {} : { initImage };
    return await makeGraph(this.#context, template, request, { seed, ...picture });
  }

  /** Where a prompt stays "running" although it was interrupted, only a restart of ComfyUI helps. */
  async #explainStall(message: string): Promise<RunOutcome> {
    const { client } = this.#context.server;
    const state = await client.state(this.#spec.promptId, { timeoutMs: ASK_MS }).catch(() =>
      undefined
    );
    if (state !== "running") return failed("stalled", message);
    const why =
      "ComfyUI neither works on the prompt nor lets go of it: its executor hangs or has " +
      "died; restart ComfyUI";
    this.#context.log("error", why, { jobId: this.#spec.jobId });
    return { ...failed("stalled", why), retry: true };
  }

  /** A prompt that may have been posted is only looked for: to post it again is a decision of the host. */
  #follow(graph: Graph, signal: AbortSignal): AsyncIterable<ComfyEvent> {
    const { client } = this.#context.server;
    const { promptId, resumed } = this.#spec;
    if (resumed) return client.attach(promptId, { signal, graph });
    return client.run(graph, { promptId, signal });
  }
}

function failed(code: string, error: string): Extract<RunOutcome, { type: "failed" }> {
  return { type: "failed", code, error, retry: false, keepPrompt: false, crashed: false };
}

function toWire(
  { stage, step, totalSteps, percent, etaSeconds }: ProgressSnapshot,
): WireProgress {
  return { stage, step, total_steps: totalSteps, percent, eta_s: etaSeconds };
}
