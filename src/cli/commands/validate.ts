/** `validate-workflows`: looks at every workflow of a folder, and at what a server would say to it. */

import { goDirect } from "../../config/mod.ts";
import { createComfyClient } from "../../comfyui/mod.ts";
import { ComfyError, TransportError } from "../../errors.ts";
import { hideSecrets } from "../../secrets.ts";
import { startSimulator } from "../../simulator/mod.ts";
import {
  checkGraph,
  type NodeClasses,
  readWorkflows,
  undeliverable,
  type WorkflowFile,
} from "../../workflow/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Options of the command. */
export interface ValidateOptions {
  /** Folder of workflows; the built-in ones if absent. */
  workflowDir?: string;
  /** Server to compare them with. */
  comfyuiUrl?: string;
  /** True to compare them with the embedded simulator. */
  simulate?: boolean;
}

/** What every request gives: the value in the file does not matter. */
const ALWAYS_GIVEN: ReadonlySet<string | undefined> = new Set(["model", "init_image"]);

/** Runs the command; resolves with its exit code. */
export async function runValidate(options: ValidateOptions, io: Io): Promise<number> {
  if (options.simulate === true && options.comfyuiUrl !== undefined) {
    io.err("error: give either --comfyui-url or --simulate, not both\n");
    return EXIT.usage;
  }
  const files = await readWorkflows(options.workflowDir);
  if (files.length === 0) {
    io.err(`error: there is no workflow in ${options.workflowDir}\n`);
    return EXIT.usage;
  }
  const classes = await askServer(options);
  let wrong = 0;
  for (const file of files) {
    const faults = faultsOf(file, classes);
    if (faults.length === 0) io.out(`${file.name}: ok\n`);
    else wrong += 1;
    for (const fault of faults) io.out(`${file.name}: ${fault}\n`);
  }
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

async function askServer({ comfyuiUrl, simulate }: ValidateOptions) {
  await using simulator = simulate === true ? await startSimulator() : undefined;
  const url = simulator?.url ?? comfyuiUrl;
  if (url === undefined) return undefined;
  goDirect([url]);
  await using client = createComfyClient({ url });
  try {
    return await client.objectInfo();
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

/** Sentences about what is wrong, each on one line. */
function faultsOf(file: WorkflowFile, classes: NodeClasses | undefined): string[] {
  const { name } = file;
  // The line begins with the name already.
  const bare = (text: string) =>
    text.replace(`Cannot use the workflow ${name}: `, "")
      .replace(/^Invalid parameter: /, "").replace(`workflow: ${name} `, "")
      .replaceAll(/\s*\n\s*/g, " ");
  if (file.type === "error") return [bare(file.error.message)];
  if (classes === undefined) return [];
  const { graph } = file.template;
  const { problems } = checkGraph(file.template, graph, classes);
  const faults = problems
    .filter(({ parameter }) => !ALWAYS_GIVEN.has(parameter))
    .map(({ message }) => bare(message));
  const nothing = undeliverable(graph, classes);
  return nothing === undefined ? faults : [...faults, nothing];
}
