/** The name of a worker: one connection of its own holds it, and listens. */

import { ConfigError, JobError } from "../../errors.ts";
import { type PostgresAddress, shownAddress } from "./address.ts";
import { PostgresClient } from "./client.ts";
import type { Others } from "./others.ts";
import * as sql from "./presence.ts";
import { Waking } from "./waking.ts";

/** Pause before a name that was lost with its connection is taken again, in milliseconds. */
const AGAIN_MS = 250;

/** What an identity works with. */
export interface IdentityOptions {
  /** The database. */
  readonly address: PostgresAddress;
  /** Connections for statements. */
  readonly client: PostgresClient;
  /** Name of the worker. */
  readonly name: string;
  /** Hears that they have changed something, and that the name is held again after a time without connection. */
  readonly others: Pick<Others, "changed" | "cameBack" | "count">;
}

/** A name that is held. */
export class Identity {
  readonly #options: IdentityOptions;
  readonly #channel: string;
  readonly #client: PostgresClient;
  #state: "held" | "lost" | "taken" = "lost";
  #isClosed = false;
  /** The process of the server that holds the name. */
  #pid: unknown;
  #again: ReturnType<typeof setTimeout> | undefined;
  #taking: Promise<void> | undefined;
  readonly #wake: Waking;

  /** Begins without the name; see {@linkcode Identity.take}. */
  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#wake = new Waking({
      send: (...times) => this.#send(times),
      others: () => options.others.count,
    });
    this.#channel = `dgx_pixels_${options.address.schema}`.slice(0, 63);
    this.#client = new PostgresClient(options.address, {
      connections: 1,
      isHeld: true,
      name: `dgx-pixels ${options.name} (name)`,
      onClose: () => this.#lose(),
      onNotify: (_channel, payload) => {
        if (payload !== options.name) this.#wake.heardAnother();
        // Also its own: others, of which it need not know yet, may have spared theirs for it.
        options.others.changed();
      },
    });
  }

  /**
   * Takes a name.
   *
   * @throws {ConfigError} `in_use` if another worker has it, `invalid_value` if a session cannot hold it.
   */
  static async take(options: IdentityOptions): Promise<Identity> {
    const identity = new Identity(options);
    try {
      if (await identity.#take()) {
        await identity.#checkSession();
        return identity;
      }
    } catch (error) {
      await identity.close();
      throw error;
    }
    await identity.close();
    throw new ConfigError(
      "in_use",
      `Another worker named "${options.name}" uses the queue ${shownAddress(options.address)}; ` +
        "stop it or give this one a name of its own with --worker-name",
    );
  }

  /**
   * Does nothing unless somebody else has taken the name while the connection was lost.
   *
   * @throws {JobError} `unavailable` if so.
   */
  check(): void {
    if (this.#state !== "taken") return;
    throw new JobError(
      "unavailable",
      `Backend busy: another worker has taken the name "${this.#options.name}"; stop one of them`,
      { isPassing: true },
    );
  }

  /** Tells the other workers, soon, that there is something new. */
  wakeOthers(): void {
    if (!this.#isClosed) this.#wake.changed();
  }

  /** Gives the name back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    const waking = this.#wake[Symbol.asyncDispose]();
    await this.#client.close();
    await Promise.all([this.#taking, waking]);
  }

  async #send(times: readonly [sinceMs: number, gatherMs: number]): Promise<boolean> {
    try {
      const { name } = this.#options;
      const row = await this.#client.row("wake the others", sql.WAKE, [
        this.#channel,
        name,
        ...times,
      ]);
      return row?.["is_early"] === true;
    } catch {
      // They look by themselves in a while.
      return false;
    }
  }

  /** A session that others use, too, holds no name: a pooler gives it to whoever has a transaction. */
  async #checkSession(): Promise<void> {
    const row = await this.#options.client.row("look for a pooler", sql.ANSWERS);
    if (row?.["pid"] !== this.#pid) return;
    // The pooler keeps the session, and the name would stay taken.
    await this.#client.rows("give a name back", "SELECT pg_advisory_unlock_all()");
    throw new ConfigError(
      "invalid_value",
      `A pooler in front of ${
        shownAddress(this.#options.address)
      } pools transactions; the queue needs ` +
        "sessions of its own: in PgBouncer, set pool_mode = session",
    );
  }

  async #take(): Promise<boolean> {
    const row = await this.#client.row("take a name", sql.TAKE_NAME, [this.#options.name]);
    this.#pid = row?.["pid"];
    this.#state = row?.["held"] === true ? "held" : "taken";
    if (this.#state === "held") await this.#client.rows("listen", `LISTEN "${this.#channel}"`);
    return this.#state === "held";
  }

  #lose(): void {
    if (this.#isClosed) return;
    if (this.#state === "held") this.#state = "lost";
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      this.#taking = this.#take().then((held) => {
        if (held) this.#options.others.cameBack();
        else this.#lose();
      }, () => this.#lose());
    }, AGAIN_MS);
  }
}
