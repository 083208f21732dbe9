/** What a request may set in a graph, and where. Pure. */

/** What a request may set in a graph. */
export type Parameter =
  | "prompt"
  | "negative_prompt"
  | "model"
  | "width"
  | "height"
  | "batch_size"
  | "animation_frames"
  | "steps"
  | "cfg_scale"
  | "seed"
  | "sampler_name"
  | "scheduler"
  | "denoise"
  | "init_image"
  | "output_format";

/** Every parameter. */
export const PARAMETERS: readonly Parameter[] = [
  "prompt",
  "negative_prompt",
  "model",
  "width",
  "height",
  "batch_size",
  "animation_frames",
  "steps",
  "cfg_scale",
  "seed",
  "sampler_name",
  "scheduler",
  "denoise",
  "init_image",
  "output_format",
];

/** One literal input of one node. */
export interface Target {
  /** Id of the node. */
  readonly node: string;
  /** Name of the input. */
  readonly input: string;
}

/** The inputs that each parameter goes to; empty if it has no place. */
export type Targets = Readonly<Record<Parameter, readonly Target[]>>;

/** Texts of one prompt among which nothing chooses. */
export interface Ambiguity {
  /** The prompt. */
  readonly parameter: "prompt" | "negative_prompt";
  /** The texts that it is made of. */
  readonly places: readonly Target[];
}

/** Where everything is in a graph. */
export interface Trace {
  /** Inputs that each parameter goes to. */
  readonly targets: Targets;
  /** Sampler nodes. */
  readonly samplers: readonly string[];
  /** Nodes with a `lora_name`, nearest to the samplers first. */
  readonly loras: readonly string[];
  /** Prompts that could go to several texts. */
  readonly ambiguities: readonly Ambiguity[];
  /** Where the latents of videos count their frames, be it by a link. */
  readonly frameCounts: readonly Target[];
  /** Widths and heights must be multiples of this number of pixels; 1 where any will do. */
  readonly sizeMultiple: number;
}
