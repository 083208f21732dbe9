/**
 * From a request to a ComfyUI graph.
 *
 * @module
 */

export { CYCLES } from "./animation/cycles.ts";
export type { Cycle, CycleName } from "./animation/cycles.ts";
export { framesWarning, planFrames } from "./animation/frames.ts";
export type { FramePlan } from "./animation/frames.ts";
export type { PoseSheet } from "./animation/pose_sheet.ts";
export { bindTemplate } from "./bind/bind.ts";
export type { BindOptions } from "./bind/bind.ts";
export { animationPixels, generatedSize } from "./bind/fit.ts";
export { spellAsFile } from "./bind/spell.ts";
export {
  BUILT_IN_WORKFLOWS,
  DEFAULT_WORKFLOW,
  loadCatalog,
  readWorkflows,
  settingFaults,
} from "./catalog.ts";
export type { Catalog, CatalogOptions, WorkflowFile } from "./catalog.ts";
export { checkGraph } from "./check/check.ts";
export type { CheckedGraph, CheckedTemplate, Problem, Replacements } from "./check/check.ts";
export { compileContract } from "./template/contract.ts";
export type { Contract, Slot, SlotType } from "./template/contract.ts";
export { nativeSize, sizeWarning } from "./families.ts";
export { isLink, nodeLabel, parseGraph } from "./graph.ts";
export type { Graph, GraphNode, Link } from "./graph.ts";
export { fitSeed } from "./check/seeds.ts";
export type { NodeClasses } from "./check/node_info.ts";
export { checkDeliverable, undeliverable, unsureOutput } from "./outputs.ts";
export { DEFAULT_ROUTES, routeRequest } from "./route.ts";
export type { Routes } from "./route.ts";
export { refusesAll } from "./template/remedy.ts";
export { createTemplate } from "./template/template.ts";
export type { Template } from "./template/template.ts";
export { PARAMETERS } from "./parameters.ts";
export type { Ambiguity, Parameter, Target, Targets, Trace } from "./parameters.ts";
export { traceGraph } from "./trace/trace.ts";
export type { Affixes, TriggerWords } from "./text/words.ts";
