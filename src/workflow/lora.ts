/** Puts the LoRAs of a request into a graph: into the loaders it has, then into new ones. Pure. */

import { JobError } from "../errors.ts";
import type { GenerateRequest, LoraChoice } from "../protocol/mod.ts";
import { type Graph, isLink, type Link } from "./graph.ts";
import type { Template } from "./template.ts";

/** Sets, or inserts and wires, one loader for each LoRA. Without any, the template's own stay. */
export function applyLoras(graph: Graph, template: Template, request: GenerateRequest): void {
  const loras = requested(request);
  const existing = template.trace.loras;
  loras.forEach((lora, index) => {
    const id = existing[index];
    if (id !== undefined) setLora(graph, id, lora);
    else insertLora(graph, template, lora, request);
  });
}

function requested(request: GenerateRequest): LoraChoice[] {
  if (request.loras !== undefined) return request.loras;
  if (request.lora === undefined) return [];
  const strength = request.lora_strength;
  if (strength === undefined) return [{ name: request.lora }];
  return [{ name: request.lora, strength_model: strength, strength_clip: strength }];
}

function setLora(graph: Graph, id: string, lora: LoraChoice): void {
  const inputs = graph[id]?.inputs;
  if (inputs === undefined) return;
  inputs["lora_name"] = lora.name;
  if (lora.strength_model !== undefined) inputs["strength_model"] = lora.strength_model;
  // LoraLoaderModelOnly has none.
  if (lora.strength_clip !== undefined && "strength_clip" in inputs) {
    inputs["strength_clip"] = lora.strength_clip;
  }
}

/** The new loader comes right behind the checkpoint; all that used the checkpoint then uses it. */
function insertLora(
  graph: Graph,
  template: Template,
  lora: LoraChoice,
  request: GenerateRequest,
): void {
  const [model] = template.trace.targets.model;
  if (model === undefined) {
    const field = request.lora === undefined ? "loras" : "lora";
    const why = `the workflow ${template.name} has no place for it; leave the field out`;
    throw new JobError("invalid_parameter", `Invalid parameter: ${field}: ${why}`);
  }
  const clip = clipSource(graph, model.node);
  const id = freeId(graph, "lora");
  const outputs: [Link, Link][] = [[[model.node, 0], [id, 0]]];
  if (clip !== undefined) outputs.push([clip, [id, 1]]);
  for (const [from, to] of outputs) rewire(graph, from, to);
  const strengthModel = lora.strength_model ?? 1;
  const inputs = { model: [model.node, 0], lora_name: lora.name, strength_model: strengthModel };
  graph[id] = clip === undefined ? { class_type: "LoraLoaderModelOnly", inputs } : {
    class_type: "LoraLoader",
    inputs: { ...inputs, clip, strength_clip: lora.strength_clip ?? strengthModel },
  };
}

/** A checkpoint gives the text encoder itself; a bare diffusion model needs a loader of its own. */
function clipSource(graph: Graph, loader: string): Link | undefined {
  const links = Object.values(graph).flatMap((node) => {
    const clip = node.inputs["clip"];
    return isLink(clip) ? [clip] : [];
  });
  return links.find(([id]) => id === loader) ??
    links.find(([id]) => !("clip" in (graph[id]?.inputs ?? {})));
}

function rewire(graph: Graph, from: Link, to: Link): void {
  for (const node of Object.values(graph)) {
    for (const [input, value] of Object.entries(node.inputs)) {
      if (isLink(value) && value[0] === from[0] && value[1] === from[1]) {
        node.inputs[input] = [...to];
      }
    }
  }
}

function freeId(graph: Graph, stem: string): string {
  let number = 1;
  while (`${stem}-${number}` in graph) number += 1;
  return `${stem}-${number}`;
}
