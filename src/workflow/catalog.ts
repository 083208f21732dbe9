/** The folder of workflows: the one place that reads workflow files. */

import { ConfigError, messageOf } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import { parseAsSpelled, parseExactJson } from "../exact_json.ts";
import { invalid } from "./invalid.ts";
import { DEFAULT_ROUTES, routeRequest, type Routes } from "./route.ts";
import { createTemplate, type Template } from "./template/template.ts";

/** The workflows that jobs can use. */
export interface Catalog {
  /** Templates by name. */
  readonly templates: ReadonlyMap<string, Template>;
  /** Files that cannot be used, by name without `.json`, and why. */
  readonly unusable: ReadonlyMap<string, ConfigError>;
  /** What the operator should mend, a sentence each: files that cannot be used, no default workflow. */
  readonly problems: readonly string[];
  /**
   * Chooses the template of a request.
   *
   * @throws {JobError} `invalid_parameter` if the workflow is not there or cannot be used.
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
 * Reads every `*.json` of a folder. One that cannot be used is in nobody's way but of the jobs for it.
 *
 * @throws {ConfigError} `unreadable` for the folder, `invalid_workflow` if the settings name a workflow
 *   that is neither there nor one of the package.
 */
export async function loadCatalog(options: CatalogOptions = {}): Promise<Catalog> {
  const { dir = BUILT_IN_WORKFLOWS } = options;
  const templates = new Map<string, Template>();
  const unusable = new Map<string, ConfigError>();
  for (const file of await readWorkflows(dir)) {
    if (file.type === "error") unusable.set(file.name, file.error);
    else templates.set(file.name, file.template);
  }
  const names = [...templates.keys(), ...unusable.keys()];
  const { defaultWorkflow } = options;
  const missing = missingNames(names, { ...options, dir });
  // Where nothing is set, a folder of one's own does for requests that name their workflows.
  const wrong = missing.find(({ name }) => name !== DEFAULT_WORKFLOW);
  if (wrong !== undefined) throw new ConfigError("invalid_workflow", wrong.fault);
  const [unset] = missing;
  const fallback = fallbackName(defaultWorkflow, new Set(names));
  const routes = { ...DEFAULT_ROUTES, ...options.routes };
  const problems = [
    ...[...unusable.values()].map(({ message }) => message),
    ...missing.map(({ fault }) => fault),
  ];
  return {
    templates,
    unusable,
    problems,
    choose(request) {
      const name = routeRequest(request, (candidate) => names.includes(candidate), routes);
      if (name === undefined && unset !== undefined) {
        throw invalid("workflow", `${unset.fault}; name one in the request or in that setting`);
      }
      return pick({ templates, unusable }, name ?? fallback);
    },
  };
}

/** What a folder gave. */
interface Found {
  readonly templates: ReadonlyMap<string, Template>;
  readonly unusable: ReadonlyMap<string, ConfigError>;
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
  return missingNames(names, options).map(({ fault }) => fault);
}

function missingNames(
  names: readonly string[],
  options: CatalogOptions,
): { name: string; fault: string }[] {
  const { dir = BUILT_IN_WORKFLOWS, routes = {} } = options;
  const known = new Set<string>(Object.values(DEFAULT_ROUTES));
  const wanted = [
    [fallbackName(options.defaultWorkflow, new Set(names)), "default_workflow"],
    ...Object.entries(routes)
      .filter(([, name]) => !known.has(name))
      .map(([key, name]) => [name, `for_${key.replace(/[A-Z]/g, (at) => `_${at.toLowerCase()}`)}`]),
  ] as const;
  return wanted.filter(([name]) => !names.includes(name)).map(([name, setting]) => ({
    name,
    fault: `The workflow ${name}, which the settings name (workflows.${setting}), is not in ` +
      `${showDir(dir)}; there are: ${names.join(", ") || "none"}`,
  }));
}

function fallbackName(
  wanted: string = DEFAULT_WORKFLOW,
  templates: { has(name: string): boolean },
): string {
  const isFormer = wanted === DEFAULT_WORKFLOW && !templates.has(wanted);
  return isFormer && templates.has(FORMER_DEFAULT) ? FORMER_DEFAULT : wanted;
}

function pick({ templates, unusable }: Found, name: string): Template {
  const template = templates.get(name);
  if (template !== undefined) return template;
  const fault = unusable.get(name);
  if (fault !== undefined) throw invalid("workflow", fault.message, fault);
  const known = [...templates.keys()].join(", ") || "none";
  throw invalid("workflow", `there is no ${JSON.stringify(name)}; known are ${known}`);
}

/** A file of the folder: a template, or why it is none. */
export type WorkflowFile =
  | { type: "template"; name: string; template: Template }
  | { type: "error"; name: string; error: ConfigError };

const MAPPING = ".map";

/** Largest file that is read; one of a hundred nodes has 50 KB. */
const MAX_FILE_BYTES = 16 * 1_048_576;

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
  } catch (cause) {
    // Nested a thousand times, for instance.
    const why = `Cannot use the workflow ${name}: ${messageOf(cause)}`;
    const error = cause instanceof ConfigError
      ? cause
      : new ConfigError("invalid_workflow", why, { cause });
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
      `Cannot read the workflow folder ${showDir(dir)}: ${messageOf(cause)}; check --workflow-dir`,
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
    const file = dir instanceof URL ? new URL(path) : path;
    const { isFile, size } = await Deno.stat(file);
    // To read a pipe or a device may take for ever.
    if (!isFile) throw new Error("It is no file");
    if (size > MAX_FILE_BYTES) throw new Error(`It has more than ${MAX_FILE_BYTES} bytes`);
    const text = await Deno.readTextFile(file);
    return { json: parseExactJson(text), text };
  } catch (cause) {
    const code = cause instanceof SyntaxError ? "invalid_workflow" : "unreadable";
    throw new ConfigError(code, `Cannot read the workflow ${path}: ${messageOf(cause)}`, { cause });
  }
}

function showDir(dir: string | URL): string {
  return dir instanceof URL ? decodeURIComponent(dir.pathname) : dir;
}
