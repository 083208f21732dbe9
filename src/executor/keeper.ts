/**
 * Keeps the isolate of some servers running: one for all of them, and when that has fallen, one for each,
 * so that whichever brought it down does so to itself alone from then on.
 */

import { JobError, messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Sandbox, type SandboxLimits, type Session, startSandbox } from "./isolate.ts";
import type { RunOutcome, SandboxSetup, ServerState } from "./messages.ts";

/** A server that lives in an isolate. */
export interface Resident {
  /** Its name in logs. */
  readonly name: string;
  /** What the isolate needs to know of it. */
  readonly setup: SandboxSetup;
  /** Takes its health; it is `connecting` anew when its isolate has fallen. */
  onState(state: ServerState, error: string | undefined): void;
}

/** Options of {@linkcode createKeeper}. */
export interface KeeperOptions extends SandboxLimits {
  /** Entry module of the isolates. @default the real one */
  sandboxUrl?: URL;
  /** Hears that the isolate of these servers fell, and that others are started in its place. */
  onFall?: (servers: readonly string[]) => void;
  /** Takes the isolates' log lines and the keeper's own. */
  logger: Logger;
}

/** Where the servers live. */
export interface Keeper {
  /**
   * Resolves when the first isolate has read the workflows of all residents.
   *
   * @throws {ConfigError} if it refuses a set-up (a bad workflow, an unreadable folder).
   */
  readonly started: Promise<void>;
  /** The session of the resident at this place of the list. It outlives the isolates. */
  session(place: number): Session;
  /** Lets go of a resident on which nothing runs; an isolate without any ends. Never rejects. */
  leave(place: number): Promise<void>;
  /** Ends all isolates now, whatever runs. May be called again. */
  close(): Promise<void>;
}

/** Time before an isolate that died is replaced; doubles up to the limit while they keep dying. */
const RESTART_MS = { first: 50, most: 5_000 };

/** Why an isolate is ended that nobody wants any more. */
const REMOVED = "Its servers were removed";

/** Failures of an isolate. */
const FALLS: ReadonlySet<string> = new Set(["sandbox", "shared_sandbox"]);

/** Starts one isolate for all residents. */
export function createKeeper(residents: readonly Resident[], options: KeeperOptions): Keeper {
  return new IsolateKeeper(residents, options);
}

/** A resident, and where it lives now. */
interface Home {
  readonly resident: Resident;
  session: Promise<Session>;
  /** How often its isolate fell since one last did its work. */
  deaths: number;
  /** True once nobody wants it any more. */
  isLeft: boolean;
}

class IsolateKeeper implements Keeper {
  readonly started: Promise<void>;
  readonly #options: KeeperOptions;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #sandboxes = new Map<Sandbox, readonly Home[]>();
  readonly #ending = new Set<Promise<void>>();
  readonly #homes: readonly Home[];

  constructor(residents: readonly Resident[], options: KeeperOptions) {
    this.#options = options;
    this.#logger = options.logger;
    const shared = Promise.resolve().then(() => this.#launch(this.#homes));
    this.#homes = residents.map((resident, place) => {
      return { resident, session: sessionOf(shared, place), deaths: 0, isLeft: false };
    });
    this.started = Promise.all(this.#homes.map(({ session }) => session)).then(() => {});
  }

  session(place: number): Session {
    const home = this.#homes[place]!;
    return {
      run: (spec, context) => runAt(home, spec, context),
      call: async (name, question) => await (await home.session).call(name, question),
    };
  }

  async leave(place: number): Promise<void> {
    const home = this.#homes[place]!;
    home.isLeft = true;
    for (const [sandbox, homes] of this.#sandboxes) {
      if (!homes.includes(home)) continue;
      if (homes.every(({ isLeft }) => isLeft)) sandbox.kill(REMOVED);
      // Should it not answer, it is ended like any that hangs; what is asked of it ends with it.
      else await (await home.session).call("leave", null).catch(() => {});
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#killAll();
    // One that is being started is ended as soon as it is there.
    await Promise.allSettled(this.#homes.map(({ session }) => session));
    await Promise.all(this.#ending);
  }

  #killAll(): void {
    for (const sandbox of this.#sandboxes.keys()) sandbox.kill("The worker stops");
  }

  /** Starts an isolate for some residents. */
  async #launch(homes: readonly Home[]): Promise<Sandbox> {
    const sandbox = await startSandbox({
      ...this.#options,
      setups: homes.map(({ resident }) => resident.setup),
      onServerState: (server, ...health) => {
        const home = homes[server];
        if (home?.isLeft === false) home.resident.onState(...health);
      },
    });
    this.#sandboxes.set(sandbox, homes);
    this.#ending.add(sandbox.ended);
    sandbox.ended.then(() => this.#ending.delete(sandbox.ended));
    sandbox.died.then((reason) => {
      this.#sandboxes.delete(sandbox);
      this.#replace(homes, reason);
    });
    if (this.#closing.signal.aborted) this.#killAll();
    if (homes.every(({ isLeft }) => isLeft)) sandbox.kill(REMOVED);
    return sandbox;
  }

  #replace(all: readonly Home[], reason: string): void {
    const homes = all.filter(({ isLeft }) => !isLeft);
    if (this.#closing.signal.aborted || homes.length === 0) return;
    const next = homes.length > 1 ? "starting one for each of its servers" : "starting a fresh one";
    const server = homes.map(({ resident }) => resident.name).join(", ");
    this.#logger.log("error", `${reason}; ${next}`, { server });
    this.#options.onFall?.(homes.map(({ resident }) => resident.name));
    for (const home of homes) {
      home.session = sessionOf(this.#relaunch(home), 0);
      // Whoever awaits it sees the failure; nobody may be waiting just now.
      home.session.catch(() => {});
      home.resident.onState("connecting", undefined);
    }
  }

  async #relaunch(home: Home): Promise<Sandbox> {
    while (true) {
      await this.#pause(Math.min(RESTART_MS.first * 2 ** home.deaths, RESTART_MS.most));
      home.deaths += 1;
      if (this.#closing.signal.aborted || home.isLeft) {
        throw new JobError("unavailable", "The worker is stopping");
      }
      try {
        return await this.#launch([home]);
      } catch (error) {
        const server = home.resident.name;
        this.#logger.log("error", `Cannot start the isolate: ${messageOf(error)}`, { server });
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { signal } = this.#closing;
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    return promise;
  }
}

async function sessionOf(sandbox: Promise<Sandbox>, server: number): Promise<Session> {
  return (await sandbox).sessions[server]!;
}

/** Runs a job wherever its server lives now. */
async function runAt(
  home: Home,
  ...[spec, options]: Parameters<Session["run"]>
): Promise<RunOutcome> {
  try {
    const session = await home.session;
    const outcome = await session.run(spec, options);
    if (outcome.type !== "failed" || !FALLS.has(outcome.code)) home.deaths = 0;
    return outcome;
  } catch (error) {
    // It found no isolate.
    return {
      ...{ type: "failed", code: "sandbox", error: messageOf(error), retry: true, crashed: false },
      keepPrompt: spec.resumed,
    };
  }
}
