/**
 * The execution of one prompt: events, cache and errors in ComfyUI's order.
 *
 * @module
 */

import type { ResultCache } from "./cache.ts";
import type { Catalogue } from "../validation/catalogue.ts";
import { declaredInputs } from "../validation/declared.ts";
import type { Clients } from "../clients.ts";
import type { FaultBook } from "../faults.ts";
import { isLink, type Prompt, type PromptNode } from "../graph.ts";
import { dumpJson, isObject, type Json, type JsonObject } from "../json.ts";
import { type Input, Inputs } from "../nodes/inputs.ts";
import type { NodeContext } from "../nodes/node.ts";
import { NODES } from "../nodes/registry.ts";
import type { Settings, SimulatedWork } from "../options.ts";
import type { Image } from "../files/image.ts";
import { Previews } from "./previews.ts";
import { Progress } from "./progress.ts";
import { PythonError } from "../python.ts";
import type { QueueItem, RunResult } from "./queue.ts";
import type { EventLog } from "../record.ts";
import { Schedule } from "./schedule.ts";
import type { FileArea, FileStore } from "../files/store.ts";

/** What a run works with. */
export interface RunContext {
  /** The options of the simulator. */
  readonly settings: Settings;
  /** The node classes. */
  readonly catalogue: Catalogue;
  /** The connected clients. */
  readonly clients: Clients;
  /** Results of earlier runs. */
  readonly cache: ResultCache;
  /** The file areas. */
  readonly files: Readonly<Record<FileArea, FileStore>>;
  /** Models in memory. */
  readonly loadedModels: Set<string>;
  /** Armed faults. */
  readonly faults: FaultBook;
  /** The record to write. */
  readonly log: EventLog;
  /** Takes the interrupt flag: true when it was set. */
  takeInterrupt(): boolean;
  /** Stops the program. */
  readonly signal: AbortSignal;
}

/** The executor is gone, as when an exception escapes its loop; only a restart helps. */
export class ExecutorDeath extends Error {}

/** Raised where ComfyUI looks at the interrupt flag and finds it set. */
class Interrupted extends Error {}

const OOM_TIPS = "This error means you ran out of memory on your GPU.\n\nTIPS: If the workflow " +
  "worked before you might have accidentally set the batch_size to a large number.";

/** One execution of one prompt. */
export class Run {
  readonly #context: RunContext;
  readonly #item: QueueItem;
  readonly #prompt: Prompt;
  readonly #progress: Progress;
  readonly #previews: Previews;
  readonly #messages: [string, JsonObject][] = [];
  readonly #executed: string[] = [];
  /** Nodes that ran or were announced again. */
  readonly #touched = new Set<string>();
  #success = true;

  /** Prepares the run of a queued prompt; a copy is run, since running adds to it. */
  constructor(context: RunContext, item: QueueItem) {
    this.#context = context;
    this.#item = item;
    this.#prompt = structuredClone(item.prompt);
    const { clients, settings } = context;
    const { profile, clock } = settings;
    this.#progress = new Progress(item.promptId, clients, {
      sendsState: profile.progressState,
      throttles: profile.throttlesProgress,
      now: () => clock.now(),
    });
    this.#previews = new Previews(settings, item.extraData.preview_method);
  }

  /**
   * Runs the prompt to its end, good or bad.
   *
   * @throws {ExecutorDeath} when a fault kills the executor.
   * @throws {PythonError} for a node without inputs.
   * @throws the signal's reason when the simulator stops.
   */
  async execute(): Promise<RunResult> {
    const { clients, log, faults } = this.#context;
    const { client_id: clientId } = this.#item.extraData;
    clients.current = clientId === undefined || clientId === null ? undefined : String(clientId);
    this.#addMessage("execution_start", {}, false);
    log.emit({ type: "execution_start", promptId: this.#item.promptId });
    if (faults.takeExecutorDeath()) throw new ExecutorDeath();
    await this.#prepareCache();
    await this.#executeNodes();
    clients.currentNode = undefined;
    return { success: this.#success, messages: this.#messages, ...this.#results() };
  }

  async #prepareCache(): Promise<void> {
    const { cache } = this.#context;
    const fingerprints = await this.#fingerprints();
    cache.usePrompt(this.#prompt, (id) => fingerprints.get(id) ?? "");
    const cached = Object.keys(this.#prompt).filter((id) => cache.get(id) !== undefined);
    this.#addMessage("execution_cached", { nodes: cached }, false);
  }

  /** Classes with `IS_CHANGED` write its answer into the prompt, and trust one that is there already. */
  async #fingerprints(): Promise<Map<string, string>> {
    const fingerprints = new Map<string, string>();
    for (const [id, node] of Object.entries(this.#prompt)) {
      const { fingerprint } = NODES[node.class_type] ?? {};
      if (fingerprint === undefined) continue;
      node.is_changed ??= await this.#fingerprint(node, fingerprint);
      const isNaN = Number.isNaN(node.is_changed);
      fingerprints.set(id, isNaN ? crypto.randomUUID() : dumpJson(node.is_changed));
    }
    return fingerprints;
  }

  async #fingerprint(
    node: PromptNode,
    fingerprint: (inputs: JsonObject, files: NodeContext["files"]) => Promise<string>,
  ): Promise<Json> {
    try {
      return [await fingerprint(isObject(node.inputs) ? node.inputs : {}, this.#context.files)];
    } catch {
      return NaN;
    }
  }

  async #executeNodes(): Promise<void> {
    const { cache, catalogue } = this.#context;
    const isCached = (id: string) => cache.get(id) !== undefined;
    const schedule = new Schedule(this.#prompt, catalogue, isCached);
    for (const id of this.#item.outputs) schedule.add(id);
    for (let id = schedule.next(); id !== undefined; id = schedule.next()) {
      const outcome = await this.#executeNode(id, schedule);
      if (outcome === "failed") return;
      if (outcome === "done") schedule.complete(id);
    }
    this.#addMessage("execution_success", {}, false);
  }

  /** Runs or announces one node; it waits if it turns out to need more than it has. */
  async #executeNode(id: string, schedule: Schedule): Promise<"done" | "waits" | "failed"> {
    const { cache } = this.#context;
    const node = this.#prompt[id] as PromptNode;
    const cached = cache.get(id);
    this.#touched.add(id);
    if (cached !== undefined) {
      this.#sendExecuted(id, cached.ui ?? null);
      this.#progress.finish(id);
      this.#success = true;
      return "done";
    }
    const inputs = this.#inputsOf(node);
    try {
      this.#begin(id);
      const lacking = this.#lacking(node, inputs);
      for (const source of lacking) schedule.need(id, source);
      if (lacking.length > 0) return "waits";
      await this.#runNode(id, node, inputs);
    } catch (error) {
      this.#fail(id, node, inputs, error);
      this.#success = false;
      return "failed";
    }
    this.#progress.finish(id);
    this.#executed.push(id);
    this.#context.log.emit({ type: "node_end", ...this.#nodeFacts(id, node) });
    this.#success = true;
    return "done";
  }

  #begin(id: string): void {
    const { clients } = this.#context;
    this.#progress.start(id);
    if (clients.current === undefined) return;
    clients.currentNode = id;
    const data = { node: id, display_node: id, prompt_id: this.#item.promptId };
    clients.send("executing", data, clients.current);
  }

  /** Sources of lazy inputs that the node, having seen the others, asks for and that have not run. */
  #lacking(node: PromptNode, inputs: Inputs): string[] {
    const values = node.inputs as JsonObject;
    const links = (NODES[node.class_type]?.needs?.(inputs) ?? []).map((name) => values[name]);
    return links.filter((value) => isLink(value)).map(([source]) => source)
      .filter((source) => this.#context.cache.get(source) === undefined);
  }

  async #runNode(id: string, node: PromptNode, inputs: Inputs): Promise<void> {
    const { cache, faults, log } = this.#context;
    log.emit({ type: "node_start", ...this.#nodeFacts(id, node) });
    if (faults.takeExecutorDeath()) throw new ExecutorDeath();
    this.#checkInterrupt();
    await this.#stall(id, node, undefined);
    const fault = faults.takeError(node.class_type);
    if (fault !== undefined) throw fault;
    const { outputs, ui } = await this.#classOf(node).run(inputs, this.#nodeContext(id, node));
    const meta = { node_id: id, display_node: id, parent_node: null, real_node_id: id };
    if (ui !== undefined) this.#sendExecuted(id, ui);
    cache.set(id, { outputs, ui, meta });
  }

  #classOf(node: PromptNode) {
    const found = NODES[node.class_type];
    if (found === undefined) throw new PythonError("KeyError", `'${node.class_type}'`);
    return found;
  }

  /** Inputs that the class does not declare are not passed on, except links, which then fail in Python. */
  #inputsOf(node: PromptNode): Inputs {
    const inputs = new Map<string, Input>();
    const info = this.#context.catalogue.find(node.class_type);
    const declared = info && declaredInputs(info, node.inputs as JsonObject);
    for (const [name, value] of Object.entries(node.inputs as JsonObject)) {
      if (isLink(value)) {
        const [source, index] = value;
        const outputs = this.#context.cache.get(source)?.outputs;
        inputs.set(name, { type: "linked", value: outputs?.at(index) });
      } else if (declared?.has(name)) {
        inputs.set(name, { type: "literal", value });
      }
    }
    return new Inputs(inputs);
  }

  #nodeContext(id: string, node: PromptNode): NodeContext {
    const { settings, files, cache, loadedModels } = this.#context;
    return {
      files,
      prompt: this.#prompt as JsonObject,
      extraPngInfo: this.#item.extraData.extra_pnginfo,
      state: cache.stateOf(id, node),
      painting: settings.painting,
      now: () => settings.clock.now(),
      work: () => this.#pass("node", node),
      load: async (file) => {
        await this.#pass(loadedModels.has(file) ? "node" : "load", node);
        loadedModels.add(file);
      },
      step: (value, max, preview) => this.#step(id, node, value, max, preview),
      send: (index, count, png) => {
        this.#checkInterrupt();
        this.#progress.update(id, index, count, { bytes: png, type: "image/png" });
      },
    };
  }

  async #step(
    id: string,
    node: PromptNode,
    value: number,
    max: number,
    preview: () => Image,
  ): Promise<void> {
    await this.#pass("step", node);
    await this.#stall(id, node, value);
    this.#checkInterrupt();
    const bytes = this.#previews.of(preview);
    this.#progress.update(id, value, max, bytes && { bytes, type: "image/jpeg" });
    const { promptId } = this.#item;
    this.#context.log.emit({ type: "progress", promptId, nodeId: id, value, max });
  }

  async #stall(id: string, node: PromptNode, step: number | undefined): Promise<void> {
    const { faults, log, signal } = this.#context;
    const released = faults.takeStall(this.#item.promptId, node.class_type, step);
    if (released === undefined) return;
    log.emit({ type: "stalled", ...this.#nodeFacts(id, node) });
    await untilAborted(released, signal);
  }

  /** Lets time pass. Even no time at all gives other work its turn, as the real executor's thread does. */
  async #pass(type: SimulatedWork["type"], node: PromptNode): Promise<void> {
    const { settings, signal } = this.#context;
    const ms = settings.paceOf({
      type,
      promptId: this.#item.promptId,
      nodeClass: node.class_type,
      pixels: this.#pixelsInto(node),
      ms: settings.timing[type],
    });
    if (ms > 0) return await settings.clock.delay(ms, signal);
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }

  #pixelsInto(node: PromptNode): number {
    const values = Object.values(node.inputs as JsonObject).filter(isLink)
      .map(([source, index]) => this.#context.cache.get(source)?.outputs.at(index));
    return values.reduce((sum, value) => {
      if (value?.type === "LATENT") return sum + value.width * value.height * value.images.length;
      if (value?.type !== "IMAGE") return sum;
      return value.images.reduce((all, { width, height }) => all + width * height, sum);
    }, 0);
  }

  #checkInterrupt(): void {
    if (this.#context.takeInterrupt()) throw new Interrupted();
  }

  #fail(id: string, node: PromptNode, inputs: Inputs, error: unknown): void {
    if (error instanceof ExecutorDeath || this.#context.signal.aborted) throw error;
    if (error instanceof Interrupted) {
      this.#addMessage("execution_interrupted", {
        node_id: id,
        node_type: node.class_type,
        executed: this.#executed,
      }, true);
      return;
    }
    const exception = error instanceof PythonError
      ? error
      : new PythonError("RuntimeError", String(error));
    this.#addMessage("execution_error", this.#describeError(id, node, inputs, exception), false);
  }

  #describeError(id: string, node: PromptNode, inputs: Inputs, error: PythonError): JsonObject {
    const isOutOfMemory = error.pythonType.endsWith("OutOfMemoryError");
    if (isOutOfMemory) this.#context.loadedModels.clear();
    return {
      node_id: id,
      node_type: node.class_type,
      executed: this.#executed,
      exception_message: `${error.message}\n${isOutOfMemory ? OOM_TIPS : ""}`,
      exception_type: error.pythonType,
      traceback: [
        '  File "/opt/ComfyUI/execution.py", line 496, in execute\n' +
        "    output_data, output_ui, has_subgraph, has_pending_tasks = await get_output_data(…)\n",
      ],
      current_inputs: inputs.quoted(),
      current_outputs: Object.keys(this.#prompt),
    };
  }

  #sendExecuted(id: string, output: JsonObject | null): void {
    const { clients } = this.#context;
    if (clients.current === undefined) return;
    const data = { node: id, display_node: id, output, prompt_id: this.#item.promptId };
    clients.send("executed", data, clients.current);
  }

  /** A message that history keeps. Without a client it is sent only if `broadcast`, and then to all. */
  #addMessage(event: string, facts: JsonObject, broadcast: boolean): void {
    const { clients, settings } = this.#context;
    const promptId = { prompt_id: this.#item.promptId };
    const timestamp = { timestamp: Math.trunc(settings.clock.now()) };
    const ordered = event === "execution_cached"
      ? { ...facts, ...promptId, ...timestamp }
      : { ...promptId, ...facts, ...timestamp };
    const data = structuredClone(ordered) as JsonObject;
    this.#messages.push([event, data]);
    if (clients.current !== undefined || broadcast) clients.send(event, data, clients.current);
  }

  #results(): Pick<RunResult, "outputs" | "meta"> {
    const { cache, settings } = this.#context;
    const outputs = new Map<string, JsonObject>();
    const meta = new Map<string, JsonObject>();
    for (const id of Object.keys(this.#prompt)) {
      const result = cache.get(id);
      if (result?.ui === undefined) continue;
      if (settings.profile.outputsOfRunOnly && !this.#touched.has(id)) continue;
      outputs.set(id, result.ui);
      meta.set(id, result.meta);
    }
    return { outputs, meta };
  }

  #nodeFacts(id: string, node: PromptNode) {
    return { promptId: this.#item.promptId, nodeId: id, nodeClass: node.class_type };
  }
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
