/** What a run tells on its way: progress at a bearable rate, previews, and how long its nodes took. */

import {
  type ComfyEvent,
  createNodeMeter,
  createProgressTracker,
  type Later,
  type NodeMeter,
  type ProgressSnapshot,
  type ProgressTracker,
} from "../comfyui/mod.ts";
import type { RunTimes } from "../node_times.ts";
import type { Graph } from "../workflow/mod.ts";
import type { RunEvent, RunSpec, SandboxSetup } from "../executor/messages.ts";
import { createProgressGate, type ProgressGate } from "./progress_gate.ts";
import type { PreviewFolder } from "./previews.ts";

/** What updates are made of. */
export interface JobUpdatesOptions {
  /** How the sandbox was set up. */
  setup: SandboxSetup;
  /** The attempt. */
  spec: RunSpec;
  /** What ComfyUI was given. */
  graph: Graph;
  /** Model files that the server has used since it came up. */
  loaded: Set<string>;
  /** Where previews go. */
  previews: PreviewFolder;
  /** Calls back after some time. */
  later: Later;
  /** Takes what happens, in order. */
  onEvent: (event: RunEvent) => void;
}

type WireProgress = Extract<RunEvent, { type: "progress" }>["progress"];

/** Time after which a node that says nothing is looked at, in milliseconds. */
const LOOK_MS = 1_000;

/** About what it takes to make one image pixel art, in seconds. */
const PIXEL_S = 0.15;

/** The updates of one run. To be disposed of, since it looks at the clock by itself. */
export class JobUpdates implements Disposable {
  readonly #options: JobUpdatesOptions;
  readonly #tracker: ProgressTracker;
  readonly #meter: NodeMeter;
  readonly #gate: ProgressGate<WireProgress>;
  #cancelLook: () => void;
  #last: ProgressSnapshot | undefined;
  #completedAt = Infinity;

  /** Begins before the first event. */
  constructor(options: JobUpdatesOptions) {
    const { setup, spec: { expected }, graph, loaded } = options;
    this.#options = options;
    this.#tracker = createProgressTracker(graph, {
      loaded,
      ...(expected === undefined ? {} : { expected }),
    });
    this.#meter = createNodeMeter(graph, { loaded });
    this.#gate = createProgressGate(setup.progressPerSecond);
    const look = () => {
      this.#cancelLook = options.later(LOOK_MS, look);
      this.#show(this.#tracker.look());
    };
    this.#cancelLook = options.later(LOOK_MS, look);
  }

  /** Takes an event of the prompt. */
  take(event: ComfyEvent): void {
    const { setup, previews } = this.#options;
    const progress = this.#tracker.update(event);
    this.#meter.take(event);
    this.#last = progress ?? this.#last;
    if (event.type === "preview" && setup.previewMethod !== "none") {
      previews.offer({ ...event, step: this.#last?.step ?? 0 });
    }
    // The end is told when the files are there.
    if (event.type !== "completed") return this.#show(progress);
    this.#completedAt = performance.now();
    this.#tell(this.#gate.flush());
  }

  /** An image is about to become pixel art, with this number of so many. */
  postProcessing(index: number, count: number): void {
    if (this.#last === undefined) return;
    const { percent } = this.#last;
    this.#last = {
      ...this.#last,
      stage: "post_processing",
      percent: percent + (100 - percent) / (count - index + 1),
      etaSeconds: (count - index) * PIXEL_S,
    };
    this.#tell(this.#gate.take(toWire(this.#last)));
  }

  /** The files are there. */
  done(): void {
    if (this.#last === undefined) return;
    this.#tell(this.#gate.take({ ...toWire(this.#last), percent: 100, eta_s: 0 }));
  }

  /**
   * How long everything took, to be called when it is done; undefined where not all was seen.
   *
   * @param pixels Those that were generated, where the request does not tell.
   */
  times(workflow: string, pixels?: number): RunTimes | undefined {
    const measured = this.#meter.result();
    // Of a prompt that was running before, nobody saw the whole.
    if (measured === undefined || this.#options.spec.resumed) return undefined;
    const filesMs = Math.round(performance.now() - this.#completedAt);
    return { workflow, ...measured, filesMs, ...(pixels === undefined ? {} : { pixels }) };
  }

  /** Ends looking at the clock. */
  [Symbol.dispose](): void {
    this.#cancelLook();
  }

  #show(progress: ProgressSnapshot | undefined): void {
    if (progress !== undefined) this.#tell(this.#gate.take(toWire(progress)));
  }

  #tell(updates: WireProgress[]): void {
    for (const progress of updates) this.#options.onEvent({ type: "progress", progress });
  }
}

/** Largest number of steps that is told: typed peers keep them in 32 bits. */
const MAX_STEPS = 2 ** 31 - 1;

/** Longest time left that is told, in seconds: ten years. */
const MAX_ETA_S = 315_576_000;

/** What leaves are whole numbers where the wire wants such, and all of them finite. */
function toWire(
  { stage, step, totalSteps, percent, etaSeconds }: ProgressSnapshot,
): WireProgress {
  return {
    stage,
    step: Math.round(within(step, MAX_STEPS)),
    total_steps: Math.round(within(totalSteps, MAX_STEPS)),
    percent: within(percent, 100),
    eta_s: within(etaSeconds, MAX_ETA_S),
  };
}

/** A number from 0 to `most`; 0 for one that is none. */
function within(value: number, most: number): number {
  return value >= 0 ? Math.min(value, most) : 0;
}
