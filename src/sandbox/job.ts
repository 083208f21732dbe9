/** One job on one ComfyUI server, from the request to the files. */

import {
  type ComfyEvent,
  type FollowOptions,
  type ImageRef,
  type LeftOutcome,
  onlySendsImages,
} from "../comfyui/mod.ts";
import { ComfyError, JobError, messageOf } from "../errors.ts";
import {
  animationPixels,
  type BindOptions,
  bindTemplate,
  framesWarning,
  generatedSize,
  type Graph,
  planFrames,
  sizeWarning,
  spellAsFile,
  type Template,
} from "../workflow/mod.ts";
import { startSpan } from "../trace.ts";
import { watchLongWait } from "./wait.ts";
import type { RunEvent, RunOutcome, RunSpec } from "../executor/messages.ts";
import type { Place } from "./post_order.ts";
import { createPreviewFolder } from "./previews.ts";
import { cancelSurely, isProof } from "./cancel.ts";
import { type MadeGraph, makeGraph } from "./check.ts";
import type { JobContext } from "./context.ts";
import { isHostTrouble } from "./host_trouble.ts";
import { openPixel } from "./pixel/open.ts";
import { pixelWish } from "./pixel/wish.ts";
import { JobUpdates } from "./updates.ts";
import { describeJob } from "./parameters.ts";
import { Watchdog } from "./watchdog.ts";

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

/** Failures that show that ComfyUI has done with the prompt. */
const OVER: ReadonlySet<string> = new Set([
  "rejected",
  "execution",
  "out_of_memory",
  "interrupted",
  "lost",
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
    const outcome = await run.generate();
    const files = outcome.imagePaths.length;
    const tookMs = Math.round(performance.now() - began);
    context.log("info", "Image done", { jobId: spec.jobId, tookMs, files });
    return outcome;
  } catch (error) {
    return await run.explain(error);
  }
}

/** Asked for once: each `import()` costs a turn of the event loop. */
let saving: Promise<typeof import("./output.ts")> | undefined;

type Completed = Extract<RunOutcome, { type: "completed" }>;

class JobRun {
  readonly #context: JobContext;
  readonly #spec: RunSpec;
  readonly #options: JobOptions;
  /** Of a prompt that is to be posted. */
  readonly #place: Place | undefined;
  #started = false;
  /** True once the prompt may be on the server. */
  #mayBeThere: boolean;
  /** True once ComfyUI has told that it is done. */
  #hasEnded = false;
  /** Why there is no event socket, if there is none. */
  #withoutSocket: string | undefined;
  /** Images that came over it. */
  #sentImages = 0;
  /** Nodes whose results ComfyUI remembered. */
  #cached: readonly string[] = [];
  /** True if another attempt is to run a prompt of its own, since this one's images are gone. */
  #isToBeMadeAgain = false;
  /** What the cancellation came to, when the prompt was left. */
  #left: LeftOutcome | undefined;

  constructor(context: JobContext, spec: RunSpec, options: JobOptions) {
    this.#context = context;
    this.#spec = spec;
    this.#options = options;
    this.#mayBeThere = spec.resumed;
    if (!spec.resumed) this.#place = context.order.enter();
  }

  /** Follows the prompt to its images. */
  async generate(): Promise<Completed> {
    const { catalog, setup, loaded, later } = this.#context;
    const { request, jobId } = this.#spec;
    const { signal, onEvent } = this.#options;
    using place = this.#place;
    // Whether a cancelled prompt is there may take long to find out; the next one need not wait for that.
    signal.addEventListener("abort", () => place?.[Symbol.dispose](), { once: true });
    const template = catalog.choose(request);
    this.#context.log("info", "Workflow chosen", { jobId, workflow: template.name });
    const warnings = [
      sizeWarning(request.model, generatedSize(template, request)),
      framesWarning(template, request),
    ];
    for (const warning of warnings) {
      if (warning !== undefined) this.#context.log("warn", warning, { jobId });
    }
    // First of all, so that what a killed attempt left goes even if this one is cancelled at once.
    await using previews = createPreviewFolder(
      { ...setup, isFirst: this.#spec.isFirst },
      jobId,
      (path, step) => onEvent({ type: "preview", path, step }),
    );
    const wish = pixelWish(request, template, setup);
    const pixel = wish === undefined ? undefined : await openPixel(wish, request, setup);
    const { graph, seed } = await this.#prepare(template, signal);
    this.#refuseWithoutSocket(template, graph);
    const spec = { ...this.#spec, seed };
    await place?.turn(signal);
    this.#mayBeThere = true;
    using updates = new JobUpdates({
      setup,
      spec: this.#spec,
      graph,
      loaded,
      previews,
      later,
      onEvent,
    });
    const parameters = describeJob(spec, template, graph, wish);
    // What handles PNG files takes 5 MB, which a worker that never had a job need not have.
    const { OutputImages } = await (saving ??= import("./output.ts"));
    const generated = generatedSize(template, request);
    const frames = planFrames(template, request);
    const onPixel = (index: number, count: number) => updates.postProcessing(index, count);
    const details = { parameters, generated, frames, pixel, onPixel, signal };
    await using output = new OutputImages(this.#context, spec, details);
    using warmUp = pixel?.warmUp();
    const images = await this.#watch(template, graph, (event) => {
      // Waiting for its turn is time too, and without an event socket nothing else is told in time.
      if (event.type === "queued") warmUp?.begin();
      if (event.type === "executed") output.expect(event.images);
      if (event.type === "socket_image") {
        this.#sentImages += 1;
        output.accept(event.image);
      }
      updates.take(event);
    });
    warmUp?.[Symbol.dispose]();
    await previews.flush();
    previews.discard();
    using _saving = startSpan("save the images", this.#spec);
    this.#missSentImages(graph, images);
    const { imagePaths, animationPaths, pixel: found } = await output.save(images);
    this.#context.again.forget(jobId);
    updates.done();
    const times = updates.times(template.name, animationPixels(template, request));
    const known = {
      ...(seed === this.#spec.seed ? {} : { seed }),
      ...(animationPaths === undefined ? {} : { animationPaths }),
      ...(found === undefined ? {} : { pixel: found }),
      ...(times === undefined ? {} : { times }),
    };
    return { type: "completed", imagePaths, ...known };
  }

  /** Before anything is run: images that come over the event socket need one. */
  #refuseWithoutSocket(template: Template, graph: Graph): void {
    const why = this.#withoutSocket;
    if (why === undefined || this.#spec.resumed || !onlySendsImages(graph)) return;
    throw new JobError(
      "invalid_parameter",
      `Invalid parameter: workflow: ${template.name} sends its images over ComfyUI's event socket, ` +
        `which cannot be had (${why}); end it in a SaveImage node`,
    );
  }

  /** What was sent while nobody could hear it has to be made again. */
  #missSentImages(graph: Graph, images: readonly ImageRef[]): void {
    if (images.length > 0 || this.#sentImages > 0 || !onlySendsImages(graph)) return;
    this.#isToBeMadeAgain = true;
    throw new ComfyError(
      "output",
      "The images that ComfyUI sent over its event socket were missed, since that broke meanwhile; " +
        "a SaveImage node in the workflow would keep them",
    );
  }

  /** Follows the prompt to its end; returns what is to be fetched. */
  async #watch(
    template: Template,
    graph: Graph,
    take: (event: ComfyEvent) => void,
  ): Promise<readonly ImageRef[]> {
    const { setup, server, later } = this.#context;
    const { signal, onEvent } = this.#options;
    using watchdog = new Watchdog(setup.stallTimeoutMs, later);
    using wait = watchLongWait({
      client: server.client,
      everyMs: setup.stallTimeoutMs,
      later,
      onSuspicion: (why) => this.#context.log("warn", why, { jobId: this.#spec.jobId }),
    });
    using _span = startSpan("follow the prompt", this.#spec);
    let images: readonly ImageRef[] = [];
    const follow = (event: ComfyEvent) => {
      // Waiting behind other people's prompts is no stall, and a broken connection no sign of life;
      // where there is none at all, the server's word that it runs has to do.
      if (event.type === "queued") this.#place?.[Symbol.dispose]();
      const alive = event.type !== "queued" && event.type !== "connection";
      if (event.type === "connection" && event.state === "absent") watchdog.feed();
      if (alive) {
        watchdog.feed();
        wait[Symbol.dispose]();
      }
      if (event.type === "connection" && event.state === "lost") {
        server.lost("the connection broke");
      }
      if (alive && !this.#started) onEvent({ type: "started", workflow: template.name });
      this.#started ||= alive;
      this.#hasEnded ||= event.type === "completed";
      if (event.type === "completed") ({ images, cached: this.#cached } = event);
      take(event);
    };
    const left = AbortSignal.any([signal, watchdog.signal]);
    for await (const event of this.#follow(template, graph, { signal: left, onEvent: follow })) {
      follow(event);
    }
    return images;
  }

  /** Turns what went wrong into an outcome. */
  async explain(error: unknown): Promise<RunOutcome> {
    if (this.#options.signal.aborted) return await this.#proveCancelled(error);
    const message = messageOf(error);
    if (isHostTrouble(error)) {
      // What ComfyUI has made stays there, and is fetched when it can be kept.
      return { ...failed("storage", message), retry: true, keepPrompt: this.#mayBeThere };
    }
    if (error instanceof JobError) return failed(error.code, message);
    if (!(error instanceof ComfyError)) return failed("sandbox", message);
    const { code } = error;
    const { server } = this.#context;
    const { resumed, hadStarted } = this.#spec;
    if (code === "unreachable") server.lost(message);
    // Perhaps because somebody tidied up the server's input directory.
    if (code === "rejected") this.#context.inputs.forget();
    if (code === "out_of_memory") {
      this.#context.loaded.clear();
      await server.client.free({ timeoutMs: ASK_MS }).catch(() => {});
    }
    if (code === "stalled") return await this.#explainStall(message);
    if (code === "output" && (error.status === 404 || this.#cached.includes(error.nodeId ?? ""))) {
      // Its cache remembers what somebody has tidied away, or a full disk cut short. That is no failed
      // attempt: the next one goes round it, and should that not help, it is one.
      const isNew = this.#context.again.note(this.#spec.jobId, error.nodeId);
      if (isNew) return { ...failed("lost", message), retry: true };
    }
    if (this.#isToBeMadeAgain) return { ...failed(code, message), retry: true };
    const crashed = code === "lost" && (this.#started || (resumed && hadStarted));
    const keepPrompt = this.#mayBeThere && DOUBTFUL.has(code);
    return { ...failed(code, message), retry: RETRYABLE.has(code), keepPrompt, crashed };
  }

  /** Only what ComfyUI shows counts as cancelled; a prompt in doubt is kept, to be looked at again. */
  async #proveCancelled(error: unknown): Promise<RunOutcome> {
    const left = this.#left;
    const isOver = this.#hasEnded || (error instanceof ComfyError && OVER.has(error.code)) ||
      (left !== undefined && isProof(left));
    if (!this.#mayBeThere || isOver) return { type: "cancelled" };
    const { server: { client }, log } = this.#context;
    const { jobId, promptId } = this.#spec;
    try {
      await cancelSurely({ client, log, jobId, left }, promptId);
      return { type: "cancelled" };
    } catch (failure) {
      if (!(failure instanceof ComfyError)) throw failure;
      if (failure.code === "unreachable") this.#context.server.lost(failure.message);
      return { ...failed(failure.code, failure.message), retry: true, keepPrompt: true };
    }
  }

  async #prepare(template: Template, signal: AbortSignal): Promise<MadeGraph> {
    using _span = startSpan("make the graph", this.#spec);
    await this.#reach(signal);
    return await this.#makeGraph(template, signal);
  }

  /** A job whose server turns out to be away before anything is posted is surely not on it. */
  async #reach(signal: AbortSignal): Promise<void> {
    const missing = await this.#context.server.client.reach({ signal });
    this.#withoutSocket = missing?.message;
  }

  /** Of a prompt that is on the server already, only the shape is of interest. */
  async #makeGraph(template: Template, signal: AbortSignal): Promise<MadeGraph> {
    const { inputs, server } = this.#context;
    const { request, resumed, seed } = this.#spec;
    const { loraTriggers: triggers = [] } = this.#context.setup;
    if (resumed) return await this.#resumeGraph(template, { seed, triggers });
    const initImage = await inputs.bring(request, server.client, signal);
    const image = initImage === undefined ? {} : { initImage };
    const options = { seed, triggers, ...image };
    const made = await makeGraph(this.#context, { template, request, options, signal });
    const { jobId, promptId } = this.#spec;
    return { ...made, graph: this.#context.again.touch(made.graph, jobId, promptId) };
  }

  /** The server has judged it already. */
  async #resumeGraph(template: Template, options: BindOptions): Promise<MadeGraph> {
    const { request } = this.#spec;
    try {
      return await makeGraph(this.#context, { template, request, options, waitMs: ASK_MS });
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      return { graph: bindTemplate(template, request, options), seed: options.seed };
    }
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
  #follow(
    template: Template,
    graph: Graph,
    how: Required<Pick<FollowOptions, "signal" | "onEvent">>,
  ): AsyncIterable<ComfyEvent> {
    const { server: { client }, setup: { previewMethod = "default" } } = this.#context;
    const { promptId, resumed } = this.#spec;
    const options = {
      ...how,
      onLeft: (outcome: LeftOutcome) => {
        this.#left = outcome;
      },
    };
    if (resumed) return client.attach(promptId, { ...options, graph });
    const spelled = spellAsFile(graph, template);
    return client.run(graph, { ...options, promptId, previewMethod, spelled });
  }
}

function failed(code: string, error: string): Extract<RunOutcome, { type: "failed" }> {
  return { type: "failed", code, error, retry: false, keepPrompt: false, crashed: false };
}
