/** The folder of workflows: the one place that reads workflow files. */

import { ConfigError, JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import { parseAsSpelled, parseExactJson } from "./exact_json.ts";
import { DEFAULT_ROUTES, routeRequest, type Routes } from "./route.ts";
import { createTemplate, type Template } from "./template/template.ts";

/** The workflows that jobs can use. */
export interface Catalog {
  /** Templates by name. */
  readonly templates: ReadonlyMap<string, Template>;
  /**
   * Chooses the template of a request.
   *
   * @throws {JobError} `invalid_parameter` if the request names a workflow that is not there.
   */
  choose(request: GenerateRequest): Template;
}

/** Where the workflows are. */
export interface CatalogOptions {
  /** Folder of API-format JSON files. @default the ones that come with the package */
  dir?: string | URL;
  /** Workflow of a request that nothing else decides. @default {DEFAULT_WORKFLOW} */
  defaultWorkflow?: string;
  /** Workflows of requests that name none, where other ones are wanted. @default {DEFAULT_ROUTES} */
  routes?: Partial<Routes>;
}

/** The folder of workflows that come with the package. */
export const BUILT_IN_WORKFLOWS: URL = new URL("../../workflows/", import.meta.url);

/**
 * Reads every `*.json` of a folder.
 *
 * @throws {ConfigError} `unreadable` for the folder or a file, `invalid_workflow` for what is in it.
 */
export async function loadCatalog(options: CatalogOptions = {}): Promise<Catalog> {
  const { dir = BUILT_IN_WORKFLOWS } = options;
  const templates = new Map<string, Template>();
  for (const file of await readWorkflows(dir)) {
    if (file.type === "error") throw file.error;
    templates.set(file.name, file.template);
  }
  const [fault] = settingFaults([...templates.keys()], { ...options, dir });
  if (fault !== undefined) throw new ConfigError("invalid_workflow", fault);
  const fallback = templates.get(fallbackName(options.defaultWorkflow, templates));
  const routes = { ...DEFAULT_ROUTES, ...options.routes };
  return {
    templates,
    choose(request) {
      const template = choose(templates, request, routes) ?? fallback;
      if (template === undefined) throw new TypeError("A catalog without its default workflow");
      return template;
    },
  };
}

/** The workflow of requests that nothing else decides, unless the settings say otherwise. */
export const DEFAULT_WORKFLOW = "pixel_art_workflow";

/** What older folders of one's own have in its place. */
const FORMER_DEFAULT = "txt2img_sdxl";

/**
 * Names the workflows that the settings name and a folder lacks, a sentence each. Such a folder need not
 * have the workflows that come with the package, but for one that all other requests go to.
 */
export function settingFaults(names: readonly string[], options: CatalogOptions): string[] {
  const { dir = BUILT_IN_WORKFLOWS, routes = {} } = options;
  const known = new Set<string>(Object.values(DEFAULT_ROUTES));
  const wanted = [
    [fallbackName(options.defaultWorkflow, new Set(names)), "default_workflow"],
    ...Object.entries(routes)
      .filter(([, name]) => !known.has(name))
      .map(([key, name]) => [name, `for_${key.replace(/[A-Z]/g, (at) => `_${at.toLowerCase()}`)}`]),
  ] as const;
  return wanted.filter(([name = ""]) => !names.includes(name)).map(([name, setting]) =>
    `The workflow ${name}, which the settings name (workflows.${setting}), is not in ` +
    `${showDir(dir)}; there are: ${names.join(", ") || "none"}`
  );
}

function fallbackName(
  wanted: string = DEFAULT_WORKFLOW,
  templates: { has(name: string): boolean },
): string {
  const isFormer = wanted === DEFAULT_WORKFLOW && !templates.has(wanted);
  return isFormer && templates.has(FORMER_DEFAULT) ? FORMER_DEFAULT : wanted;
}

/** Undefined when nothing in the request decides. */
function choose(
  templates: ReadonlyMap<string, Template>,
  request: GenerateRequest,
  routes: Routes,
): Template | undefined {
  const name = routeRequest(request, (candidate) => templates.has(candidate), routes);
  if (name === undefined) return undefined;
  const template = templates.get(name);
  if (template !== undefined) return template;
  throw new JobError(
    "invalid_parameter",
    `Invalid parameter: workflow: there is no ${JSON.stringify(name)}; ` +
      `known are ${[...templates.keys()].join(", ")}`,
  );
}

/** A file of the folder: a template, or why it is none. */
export type WorkflowFile =
  | { type: "template"; name: string; template: Template }
  | { type: "error"; name: string; error: ConfigError };

const MAPPING = ".map";

/**
 * Reads every `*.json` of a folder, those that cannot be used too, sorted by name.
 *
 * @throws {ConfigError} `unreadable` for the folder.
 */
export async function readWorkflows(
  dir: string | URL = BUILT_IN_WORKFLOWS,
): Promise<WorkflowFile[]> {
  const names = await jsonNames(dir);
  const workflows = names.filter((name) => !name.endsWith(MAPPING));
  const strays = names.filter((name) =>
    name.endsWith(MAPPING) && !workflows.includes(name.slice(0, -MAPPING.length))
  );
  const files = workflows.map(async (name) => await readWorkflow(dir, name, names));
  const errors = strays.map((name): WorkflowFile => ({
    type: "error",
    name,
    error: new ConfigError(
      "invalid_workflow",
      `The mapping ${name}.json belongs to no workflow: there is no ` +
        `${name.slice(0, -MAPPING.length)}.json beside it`,
    ),
  }));
  return [...await Promise.all(files), ...errors];
}

async function readWorkflow(
  dir: string | URL,
  name: string,
  names: readonly string[],
): Promise<WorkflowFile> {
  try {
    const { json, text } = await readJson(dir, name);
    const mapping = names.includes(name + MAPPING)
      ? (await readJson(dir, name + MAPPING)).json
      : undefined;
    const template = createTemplate(name, json, mapping, parseAsSpelled(text));
    return { type: "template", name, template };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { type: "error", name, error };
  }
}

async function jsonNames(dir: string | URL): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const entry of Deno.readDir(dir)) {
      if (!entry.isDirectory && entry.name.endsWith(".json")) names.push(entry.name.slice(0, -5));
    }
    return names.sort();
  } catch (cause) {
    throw new ConfigError(
      "unreadable",
      `Cannot read the workflow folder ${showDir(dir)}: ${reason(cause)}; check --workflow-dir`,
      { cause },
    );
  }
}

async function readJson(
  dir: string | URL,
  name: string,
): Promise<{ json: unknown; text: string }> {
  const base = dir instanceof URL ? dir.href : dir;
  const path = `${base.replace(/\/$/, "")}/${name}.json`;
  try {
    const text = await Deno.readTextFile(dir instanceof URL ? new URL(path) : path);
    return { json: parseExactJson(text), text };
  } catch (cause) {
    const code = cause instanceof SyntaxError ? "invalid_workflow" : "unreadable";
    throw new ConfigError(code, `Cannot read the workflow ${path}: ${reason(cause)}`, { cause });
  }
}

function showDir(dir: string | URL): string {
  return dir instanceof URL ? dir.pathname : dir;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
