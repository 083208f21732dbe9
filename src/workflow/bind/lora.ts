/** Puts the LoRAs of a request into a graph: into the loaders it has, then into new ones. Pure. */

import type { GenerateRequest, LoraChoice } from "../../protocol/mod.ts";
import { type Graph, isLink, type Link, linksOf } from "../graph.ts";
import { invalid } from "../invalid.ts";
import type { Template } from "../template/template.ts";

/**
 * Sets, or inserts and wires, one loader for each LoRA. Without any the template's own stay; a list is the
 * whole list, so those of the template beyond it go.
 *
 * @throws {JobError} `invalid_parameter` if there is no place for a LoRA or for a strength.
 */
export function applyLoras(graph: Graph, template: Template, request: GenerateRequest): void {
  const existing = template.trace.loras;
  const { lora, loras, lora_strength: strength } = request;
  if (loras !== undefined && strength !== undefined) {
    throw invalid("lora_strength", "it goes with lora; give each of loras a strength of its own");
  }
  const strengths = strength === undefined
    ? {}
    : { strength_model: strength, strength_clip: strength };
  const chosen = loras ?? (lora === undefined ? [] : [{ name: lora, ...strengths }]);
  chosen.forEach((choice, index) => {
    const id = existing[index];
    if (id !== undefined) setLora(graph, id, choice);
    else insertLora(graph, template, choice, request);
  });
  if (loras !== undefined) { for (const id of existing.slice(loras.length)) removeLora(graph, id); }
  if (lora !== undefined || strength === undefined) return;
  if (existing.length === 0) {
    throw invalid("lora_strength", `the workflow ${template.name} has no LoRA; name one in lora`);
  }
  for (const id of existing) setLora(graph, id, strengths);
}

function setLora(graph: Graph, id: string, lora: Partial<LoraChoice>): void {
  const inputs = graph[id]?.inputs;
  if (inputs === undefined) return;
  if (lora.name !== undefined) inputs["lora_name"] = lora.name;
  if (lora.strength_model !== undefined) inputs["strength_model"] = lora.strength_model;
  // LoraLoaderModelOnly has none.
  if (lora.strength_clip !== undefined && "strength_clip" in inputs) {
    inputs["strength_clip"] = lora.strength_clip;
  }
}

/**
 * What used the loader uses what stands before it; its file need not even be on the server then. One
 * that gives something besides stays, without any strength.
 */
function removeLora(graph: Graph, id: string): void {
  const inputs = graph[id]?.inputs ?? {};
  for (const [output, before] of [inputs["model"], inputs["clip"]].entries()) {
    if (isLink(before)) rewire(graph, [id, output], before);
  }
  const isUsed = Object.values(graph).some((node) =>
    linksOf(node).some(([, [from]]) => from === id)
  );
  if (isUsed) setLora(graph, id, { strength_model: 0, strength_clip: 0 });
  else delete graph[id];
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
    throw invalid(field, why);
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
