/**
 * Nodes that load and change models.
 *
 * @module
 */

import type { Inputs } from "./inputs.ts";
import { type NodeClasses, type NodeContext, type NodeResult, single } from "./node.ts";
import type { ModelValue } from "./values.ts";

/** The loaders. */
export const LOADERS: NodeClasses = {
  CheckpointLoaderSimple: { run: loadCheckpoint },
  UNETLoader: { run: loadUnet },
  VAELoader: { run: loadVae },
  CLIPLoader: { run: loadClip },
  DualCLIPLoader: { run: loadDualClip },
  LoraLoader: { run: applyLora },
  LoraLoaderModelOnly: { run: applyLoraToModel },
  ModelSamplingSD3: { run: (inputs) => single(inputs.value("model", "MODEL")) },
  CLIPSetLastLayer: { run: setLastLayer },
};

async function loadCheckpoint(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const name = inputs.text("ckpt_name");
  await context.load(name);
  return {
    outputs: [{ type: "MODEL", name, loras: [] }, { type: "CLIP", name }, { type: "VAE", name }],
  };
}

async function loadUnet(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const name = inputs.text("unet_name");
  await context.load(name);
  return single({ type: "MODEL", name, loras: [] });
}

async function loadVae(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const name = inputs.text("vae_name");
  await context.load(name);
  return single({ type: "VAE", name });
}

async function loadClip(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const name = inputs.text("clip_name");
  await context.load(name);
  return single({ type: "CLIP", name });
}

async function loadDualClip(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const names = [inputs.text("clip_name1"), inputs.text("clip_name2")];
  for (const name of names) await context.load(name);
  return single({ type: "CLIP", name: names.join("+") });
}

async function applyLora(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const clip = inputs.value("clip", "CLIP");
  return { outputs: [await modelWithLora(inputs, context), clip] };
}

async function applyLoraToModel(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  return single(await modelWithLora(inputs, context));
}

async function modelWithLora(inputs: Inputs, context: NodeContext): Promise<ModelValue> {
  const model = inputs.value("model", "MODEL");
  const name = inputs.text("lora_name");
  const strength = inputs.float("strength_model");
  if (strength === 0) return model;
  await context.load(name);
  return { ...model, loras: [...model.loras, { name, strength }] };
}

function setLastLayer(inputs: Inputs): NodeResult {
  return single(inputs.value("clip", "CLIP"));
}
