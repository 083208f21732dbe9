/** `validate-workflows`: looks at every workflow of a folder, and at what a server would say to it. */

import { goDirect, headersOf, loadConfig, type ServerConfig } from "../../config/mod.ts";
import { createComfyClient } from "../../comfyui/mod.ts";
import { ComfyError, TransportError } from "../../errors.ts";
import { hideSecrets } from "../../secrets.ts";
import { startSimulator } from "../../simulator/mod.ts";
import {
  checkGraph,
  type NodeClasses,
  readWorkflows,
  refusesAll,
  type Replacements,
  settingFaults,
  undeliverable,
  unsureOutput,
  type WorkflowFile,
} from "../../workflow/mod.ts";
import { catalogOptions } from "../catalog_options.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { printable } from "../text.ts";

/** Options of the command. */
export interface ValidateOptions {
  /** YAML file with settings. */
  config?: string;
  /** Folder of workflows; that of the settings if absent, else the built-in ones. */
  workflowDir?: string;
  /** Server to compare them with. */
  comfyuiUrl?: string;
  /** True to compare them with the embedded simulator. */
  simulate?: boolean;
}

/** Longest wait for the node classes in milliseconds; all of them are some megabytes. */
const ASK_MS = 60_000;

/** What every request gives: the value in the file does not matter. */
const ALWAYS_GIVEN: ReadonlySet<string | undefined> = new Set(["model", "init_image"]);

/** Runs the command; resolves with its exit code. */
export async function runValidate(options: ValidateOptions, io: Io): Promise<number> {
  if (options.simulate === true && options.comfyuiUrl !== undefined) {
    io.err("error: give either --comfyui-url or --simulate, not both\n");
    return EXIT.usage;
  }
  const flags = {
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.workflowDir === undefined ? {} : { "workflow-dir": options.workflowDir }),
  };
  const { config, warnings } = await loadConfig({ flags, env: (name) => io.env(name) });
  for (const warning of warnings) io.err(`warning: ${printable(warning)}\n`);
  const catalog = catalogOptions(config);
  const files = await readWorkflows(catalog.dir);
  if (files.length === 0) {
    io.err(`error: there is no workflow in ${catalog.dir}\n`);
    return EXIT.usage;
  }
  const server = await askServer(options, config.comfyui.servers);
  let wrong = 0;
  for (const file of files) {
    const { faults, notes, doubt } = lookAt(file, server);
    for (const line of [...notes, ...faults]) io.out(`${file.name}: ${line}\n`);
    if (faults.length === 0) io.out(`${file.name}: ok\n`);
    else wrong += 1;
    if (doubt !== undefined) io.out(`${file.name}: ${doubt}\n`);
  }
  const missing = settingFaults(files.map(({ name }) => name), catalog);
  for (const line of missing) io.out(`${line}\n`);
  wrong += missing.length;
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

/** What a server tells of its node classes. */
interface ServerNodes {
  readonly classes: NodeClasses;
  readonly replacements: Replacements;
}

async function askServer(
  { comfyuiUrl, simulate }: ValidateOptions,
  servers: readonly ServerConfig[],
): Promise<ServerNodes | undefined> {
  await using simulator = simulate === true ? await startSimulator() : undefined;
  const url = simulator?.url ?? comfyuiUrl;
  if (url === undefined) return undefined;
  goDirect([url]);
  // What the settings say that this server asks for.
  const known = servers.find((one) => one.url === url.replace(/\/+$/, ""));
  await using client = createComfyClient({
    url,
    headers: known === undefined ? {} : headersOf(known),
  });
  try {
    return {
      classes: await client.objectInfo(undefined, { timeoutMs: ASK_MS }),
      replacements: await client.nodeReplacements(),
    };
  } catch (cause) {
    if (!(cause instanceof ComfyError)) throw cause;
    throw new TransportError(
      "timeout",
      `Cannot ask ComfyUI at ${hideSecrets(url)}: ${cause.message}`,
      {
        cause,
      },
    );
  }
}

/** Sentences about what is wrong, and about what is not, each on one line. */
function lookAt(
  file: WorkflowFile,
  server: ServerNodes | undefined,
): { faults: string[]; notes: string[]; doubt?: string } {
  const { name } = file;
  // The line begins with the name already.
  const bare = (text: string) =>
    text.replace(`Cannot use the workflow ${name}: `, "")
      .replace(/^Invalid parameter: /, "").replace(`workflow: ${name} `, "")
      .replaceAll(/\s*\n\s*/g, " ");
  if (file.type === "error") return { faults: [bare(file.error.message)], notes: [] };
  const { template, template: { graph } } = file;
  const useless = refusesAll(template);
  if (useless !== undefined) return { faults: [useless], notes: [] };
  if (server === undefined) return { faults: [], notes: [] };
  const { problems, replaced } = checkGraph(template, graph, server.classes, server.replacements);
  const nothing = undeliverable(graph, server.classes);
  const faults = problems
    .filter(({ parameter }) => !ALWAYS_GIVEN.has(parameter))
    .map(({ message }) => bare(message));
  if (nothing !== undefined) faults.push(nothing);
  const notes = [...replaced].map(([old, other]) =>
    `the node class ${JSON.stringify(old)} will be replaced by ${JSON.stringify(other)}`
  );
  const doubt = faults.length > 0 ? undefined : unsureOutput(graph, server.classes);
  return { faults, notes, ...(doubt === undefined ? {} : { doubt }) };
}
