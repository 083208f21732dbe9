/** The ComfyUI servers of a worker, which come and go while it runs. */

import { type Config, headersOf, routesOf, type ServerConfig } from "../config/mod.ts";
import { ConfigError } from "../errors.ts";
import type { Executors, SandboxSetup, ServerOptions } from "../executor/mod.ts";
import type { Logger } from "../log.ts";
import type { JobQueue } from "../queue/mod.ts";
import type { Scheduler } from "./scheduling.ts";

/** Folders that all servers share; real paths. */
export interface SharedFolders {
  /** For images. */
  readonly outputDir: string;
  /** With images to start from, if there is one. */
  readonly inputDir: string | undefined;
  /** With palettes, if there is one. */
  readonly paletteDir: string | undefined;
}

/** What the executor of a server is started with. */
export async function serverOptions(
  config: Config,
  server: ServerConfig,
  folders: SharedFolders,
  queue: Pick<JobQueue, "clientIdOn">,
): Promise<ServerOptions> {
  const { outputDir, inputDir, paletteDir } = folders;
  return {
    name: server.name,
    weight: server.weight,
    maxInFlight: server.maxInFlight,
    setup: {
      ...sandboxSetup(config, server, outputDir),
      ...(inputDir === undefined ? {} : { inputDir }),
      ...(paletteDir === undefined ? {} : { paletteDir }),
      clientId: await queue.clientIdOn(server.name) ?? crypto.randomUUID(),
      unreachableMs: config.comfyui.awayMs,
    },
  };
}

/** What a fleet works with. */
export interface FleetOptions {
  /** Settings in force. */
  readonly config: Config;
  /** Folders of all servers. */
  readonly folders: SharedFolders;
  /** Knows sockets of servers, and tells other workers which are held. */
  readonly queue: Pick<JobQueue, "clientIdOn" | "shared">;
  /** Where jobs run. */
  readonly executors: Executors;
  /** Hands them out. */
  readonly scheduler: Pick<Scheduler, "add" | "remove" | "held">;
  /** True once the worker stops. */
  readonly isStopping: () => boolean;
  /** Takes log lines. */
  readonly logger: Logger;
}

/** Adds and removes servers, until the next start. */
export interface Fleet {
  /**
   * Adds a server.
   *
   * @throws {ConfigError} `in_use` if there is one of that name or URL, and what a sandbox refuses.
   */
  add(server: ServerConfig): Promise<void>;
  /**
   * Gives a server no more jobs, and lets go of it when it has none; does not wait for that.
   *
   * @returns false if there is none of that name.
   * @throws {ConfigError} `in_use` for the last one.
   */
  remove(name: string): boolean;
  /**
   * Does what has changed in the settings: servers that are new or gone, weights, jobs at once.
   *
   * @returns names of servers of which something else has changed, which cannot be done.
   */
  follow(servers: readonly ServerConfig[]): Promise<string[]>;
}

/** Takes over the servers that run. */
export function createFleet(options: FleetOptions): Fleet {
  return new LiveFleet(options);
}

class LiveFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #logger: Logger;
  readonly #leaving = new Set<string>();
  /** Those of the settings as they were last read. */
  #known: readonly ServerConfig[];
  readonly #urls = new Map<string, string>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#known = options.config.comfyui.servers;
    for (const { name, url } of this.#known) this.#urls.set(name, url);
  }

  async add(server: ServerConfig): Promise<void> {
    const { config, folders, queue, executors, scheduler } = this.#options;
    const { name } = server;
    if (this.#urls.has(name)) throw taken(`a server named ${name}`);
    if ([...this.#urls.values()].includes(server.url)) throw taken("a server with this URL");
    this.#urls.set(name, server.url);
    try {
      const executor = await executors.add(await serverOptions(config, server, folders, queue));
      scheduler.add(executor);
      await this.#hold();
    } catch (error) {
      this.#urls.delete(name);
      throw error;
    }
    this.#logger.log("info", "Added a server", { server: name });
  }

  remove(name: string): boolean {
    const { executors, scheduler } = this.#options;
    if (!executors.all.some((one) => one.name === name) || this.#leaving.has(name)) return false;
    if (executors.all.length - this.#leaving.size < 2) {
      throw new ConfigError("in_use", `${name} is the last server; add another one first`);
    }
    this.#leaving.add(name);
    this.#logger.log("info", "Removing a server when its jobs have ended", { server: name });
    const leave = async () => {
      await scheduler.remove(name);
      await executors.remove(name);
      this.#leaving.delete(name);
      this.#urls.delete(name);
      await this.#hold();
      this.#logger.log("info", "Removed a server", { server: name });
    };
    leave().catch((error) => {
      const why = error instanceof Error ? error.message : String(error);
      this.#logger.log("error", `Cannot remove a server: ${why}`, { server: name });
    });
    return true;
  }

  async follow(servers: readonly ServerConfig[]): Promise<string[]> {
    const before = new Map(this.#known.map((server) => [server.name, server]));
    const after = new Map(servers.map((server) => [server.name, server]));
    const undone: string[] = [];
    const kept: ServerConfig[] = [];
    for (const server of servers) {
      const old = before.get(server.name);
      if (old === undefined) {
        await this.#try(server, undone, () => this.add(server));
        if (!undone.includes(server.name)) kept.push(server);
        continue;
      }
      this.#options.executors.tune(server.name, server);
      if (identityOf(old) !== identityOf(server)) undone.push(server.name);
      kept.push({ ...old, weight: server.weight, maxInFlight: server.maxInFlight });
    }
    for (const server of this.#known) {
      if (after.has(server.name)) continue;
      await this.#try(server, undone, () => void this.remove(server.name));
      if (undone.includes(server.name)) kept.push(server);
    }
    this.#known = kept;
    return undone;
  }

  async #try(
    { name }: ServerConfig,
    undone: string[],
    change: () => void | Promise<void>,
  ): Promise<void> {
    try {
      await change();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#logger.log("error", `Cannot change a server: ${why}`, { server: name });
      undone.push(name);
    }
  }

  async #hold(): Promise<void> {
    const { queue: { shared }, scheduler, isStopping } = this.#options;
    if (isStopping()) return;
    await shared?.hold(() => scheduler.held());
  }
}

/** All of a server that cannot change while it is in use. */
function identityOf({ weight: _weight, maxInFlight: _most, ...rest }: ServerConfig): string {
  return JSON.stringify(rest);
}

function taken(what: string): ConfigError {
  return new ConfigError(
    "in_use",
    `There is ${what} already; remove that first, or choose another`,
  );
}

function sandboxSetup(
  config: Config,
  server: ServerConfig,
  outputDir: string,
): Omit<SandboxSetup, "clientId" | "inputDir" | "paletteDir" | "unreachableMs"> {
  const { workflows, output, comfyui, worker } = config;
  return {
    serverUrl: server.url,
    headers: headersOf(server),
    outputDir,
    ...(workflows.dir === undefined ? {} : { workflowDir: workflows.dir }),
    modelDirs: server.modelDirs,
    defaultWorkflow: workflows.defaultWorkflow,
    routes: routesOf(workflows),
    loraTriggers: workflows.loraTriggers,
    ...(output.pixel === undefined ? {} : { pixel: output.pixel }),
    filenamePattern: output.filenamePattern,
    previewMethod: output.previewMethod,
    keepPreviews: output.keepPreviews,
    maxPreviewsPerSecond: output.maxPreviewsPerSecond,
    maxPreviews: output.maxPreviews,
    progressPerSecond: worker.progressPerSecond,
    stallTimeoutMs: comfyui.timeoutMs,
    allowGlobalInterrupt: comfyui.allowGlobalInterrupt,
  };
}
