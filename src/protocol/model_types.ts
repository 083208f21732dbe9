/** The types of models: what a file is, not where it lies. */

/** Those that clients of any age know, then those that only whoever asks for all is told. */
export const MODEL_TYPES = [
  "checkpoint",
  "lora",
  "vae",
  "diffusion_model",
  "text_encoder",
  "controlnet",
  "upscale_model",
  "embedding",
  "clip_vision",
  "style_model",
  "hypernetwork",
] as const;
