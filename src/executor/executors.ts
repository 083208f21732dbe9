/** Starts the executors of all servers, some of which share an isolate. */

import { JobError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import { Deliveries } from "./delivered.ts";
import { type Executor, SandboxExecutor, type ServerOptions } from "./executor.ts";
import type { SandboxLimits } from "./isolate.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { checkIsolation } from "./open_port.ts";
import { Pace } from "./pace.ts";

/** Options of {@linkcode startExecutors}. */
export interface ExecutorsOptions extends SandboxLimits {
  /** The servers. */
  servers: readonly ServerOptions[];
  /**
   * Most servers that share an isolate, until it falls for the first time.
   *
   * @default {what `serversForIsolate()` says}
   */
  serversPerIsolate?: number | undefined;
  /** Entry module of the sandboxes. @default the real one */
  sandboxUrl?: URL;
  /** Called when a server may take jobs that it could not take before, or no longer can. */
  onChange?: () => void;
  /** Called with the names of the servers whose isolate fell. */
  onFall?: (servers: readonly string[]) => void;
  /** Takes the sandboxes' log lines and the executors' own. */
  logger?: Logger;
}

/** The executors of all servers; disposing of them stops their isolates now, whatever runs. */
export interface Executors extends AsyncDisposable {
  /** One for each server, in the order of the servers. */
  readonly all: readonly Executor[];
  /**
   * Starts one for another server, in an isolate of its own; it is the last one of the list then.
   *
   * @throws {ConfigError} if the sandbox refuses its set-up.
   */
  add(server: ServerOptions): Promise<Executor>;
  /** Lets go of a server on which nothing runs any more. Does nothing for unknown names. */
  remove(name: string): Promise<void>;
  /** Changes what is known of a server; of unknown ones nothing is changed. */
  tune(name: string, values: { readonly weight: number; readonly maxInFlight: number }): void;
}

/** The executors of servers that share an isolate, and who keeps it. */
interface Group {
  readonly executors: readonly SandboxExecutor[];
  readonly keeper: Keeper;
}

/**
 * Starts the isolates and waits until they have read their workflows.
 *
 * @throws {ConfigError} if a sandbox refuses its set-up (a bad workflow, an unreadable folder), or none can
 * be a process.
 */
export async function startExecutors(given: ExecutorsOptions): Promise<Executors> {
  const { servers, isolation = "thread" } = given;
  const { serversPerIsolate = serversForIsolate(servers.length) } = given;
  // All isolates are looked at together, and none may pass off files of another for its own.
  const options = { pace: new Pace(), deliveries: new Deliveries(), ...given };
  await checkIsolation(isolation);
  const groups = chunks(servers, serversPerIsolate).map((some) => startGroup(some, options));
  const all = groups.flatMap(({ executors }) => executors);
  let isClosed = false;
  const close = async () => {
    isClosed = true;
    await Promise.all(groups.map(({ keeper }) => keeper.close()));
  };
  // If one fails, the others are not left behind.
  const results = await Promise.allSettled(groups.map(({ keeper }) => keeper.started));
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  return {
    all,
    async add(server) {
      const group = startGroup([server], options);
      groups.push(group);
      try {
        await group.keeper.started;
        const [executor] = group.executors;
        if (executor === undefined || isClosed) {
          throw new JobError("unavailable", "The worker is stopping");
        }
        all.push(executor);
        return executor;
      } catch (error) {
        groups.splice(groups.indexOf(group), 1);
        await group.keeper.close();
        throw error;
      }
    },
    async remove(name) {
      const executor = all.find((one) => one.name === name);
      const group = groups.find(({ executors }) => executors.some((one) => one === executor));
      if (executor === undefined || group === undefined) return;
      all.splice(all.indexOf(executor), 1);
      await group.keeper.leave(group.executors.indexOf(executor));
    },
    tune: (name, values) => all.find((one) => one.name === name)?.tune(values),
    [Symbol.asyncDispose]: close,
  };
}

/** Fewest and most servers that share an isolate where nobody says how many. */
const [FEW, MANY] = [4, 16];

/** So many isolates for many servers even on fewer cores: one that falls takes no more than a quarter of them along. */
const FEWEST_ISOLATES = 4;

/**
 * How many servers may share an isolate. More isolates than cores gain nothing, but are woken each by itself:
 * 64 servers in 16 of them cost a quarter more processor time a job, at least, than in four.
 */
export function serversForIsolate(
  servers: number,
  cores: number = navigator.hardwareConcurrency,
): number {
  return Math.min(MANY, Math.max(FEW, Math.ceil(servers / Math.max(FEWEST_ISOLATES, cores))));
}

function startGroup(
  servers: readonly ServerOptions[],
  { onChange = () => {}, logger = silentLogger, ...options }: ExecutorsOptions,
): Group {
  const residents = servers.map(({ name, setup }, place) => ({
    name,
    setup,
    onState: (...health: Parameters<SandboxExecutor["setState"]>) =>
      executors[place]?.setState(...health),
  }));
  const keeper = createKeeper(residents, { ...options, logger });
  const executors = servers.map((server, place) =>
    new SandboxExecutor(server, keeper.session(place), onChange)
  );
  return { executors, keeper };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
