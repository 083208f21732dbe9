/** Writes the words of a request into the texts of a graph. Pure. */

import type { GenerateRequest } from "../../protocol/mod.ts";
import { animationPrompt, type FramePlan, planFrames } from "../animation/frames.ts";
import type { Graph } from "../graph.ts";
import type { Parameter, Target } from "../parameters.ts";
import { plain } from "../quote.ts";
import { remembered } from "../remember.ts";
import type { Template } from "../template/template.ts";
import { fillText, hasPlaceholder, placeholdersOf, type Words } from "../text/placeholders.ts";
import { joinWords, missingTriggers, type TriggerWords } from "../text/words.ts";

/** Where a template has placeholders. */
const placesOf = remembered((graph: Graph) => placeholdersOf(graph));

/** Fills every placeholder, and puts the prompts in place of texts without any. */
export function writeWords(
  graph: Graph,
  template: Template,
  request: GenerateRequest,
  triggers: TriggerWords,
): void {
  const write = (words: Words) => {
    for (const target of placesOf(template.graph)) {
      setText(graph, target, fillText(textOf(template, target), words));
    }
    replaceTexts(graph, template, "prompt", words.prompt);
    if (request.negative_prompt === undefined) return;
    replaceTexts(graph, template, "negative_prompt", words.negative_prompt);
  };
  const { prefix, suffix } = template.affixes;
  const plan = planFrames(template, request);
  const prompt = joinWords([prefix, animationPrompt(request, plan), suffix]);
  const words = {
    ...countsOf(request, plan),
    prompt,
    negative_prompt: request.negative_prompt ?? "",
  };
  write(words);
  const positive = template.trace.targets.prompt
    .map(({ node, input }) => plain(graph[node]?.inputs[input])).join("\n");
  const missing = missingTriggers(positive, lorasOf(graph), triggers);
  if (missing.length > 0) write({ ...words, prompt: joinWords([...missing, prompt]) });
}

function replaceTexts(
  graph: Graph,
  template: Template,
  parameter: Extract<Parameter, "prompt" | "negative_prompt">,
  words: string,
): void {
  if (template.ignored.has(parameter)) return;
  for (const target of template.trace.targets[parameter]) {
    if (!hasPlaceholder(textOf(template, target))) setText(graph, target, words);
  }
}

function countsOf(
  { animation_frames: frames = 1, tileset_grid: grid = [1, 1] }: GenerateRequest,
  plan: FramePlan | undefined,
): Pick<Words, "frames" | "columns" | "rows"> {
  const [columns, rows] = plan?.type === "sheet" ? [plan.sheet.columns, plan.sheet.rows] : grid;
  return { frames: String(frames), columns: String(columns), rows: String(rows) };
}

/** The LoRAs in use. */
function lorasOf(graph: Graph): string[] {
  return Object.values(graph).flatMap(({ inputs }) => {
    const { lora_name: name, strength_model: strength } = inputs;
    return typeof name === "string" && strength !== 0 ? [name] : [];
  });
}

function textOf(template: Template, { node, input }: Target): string {
  return plain(template.graph[node]?.inputs[input] ?? "");
}

function setText(graph: Graph, { node, input }: Target, text: string): void {
  const inputs = graph[node]?.inputs;
  if (inputs !== undefined) inputs[input] = text;
}
