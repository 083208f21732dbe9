/**
 * From a request to a ComfyUI graph.
 *
 * @module
 */

export { bindTemplate } from "./bind.ts";
export type { BindOptions } from "./bind.ts";
export { BUILT_IN_WORKFLOWS, loadCatalog, readWorkflows } from "./catalog.ts";
export type { Catalog, CatalogOptions, WorkflowFile } from "./catalog.ts";
export { checkGraph } from "./check.ts";
export type { CheckedGraph, CheckedTemplate, Problem } from "./check.ts";
export { compileContract } from "./contract.ts";
export type { Contract, Slot, SlotType } from "./contract.ts";
export { isLink, nodeLabel, parseGraph } from "./graph.ts";
export type { Graph, GraphNode, Link } from "./graph.ts";
export type { NodeClasses } from "./node_info.ts";
export { checkDeliverable, undeliverable } from "./outputs.ts";
export { DEFAULT_ROUTES, routeRequest } from "./route.ts";
export type { Routes } from "./route.ts";
export { createTemplate } from "./template.ts";
export type { Template } from "./template.ts";
export { PARAMETERS, traceGraph } from "./trace.ts";
export type { Parameter, Target, Trace } from "./trace.ts";
