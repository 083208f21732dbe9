/**
 * Cuts off who was given up but asks on. libzmq tells over which descriptor a message came, but by the time it is
 * taken its connection may have ended, and the descriptor be another's. So the connection that the descriptor has
 * must be there still when more messages of the peer were taken than could wait: the last of them came over it.
 */

import type { Connection, RouterPort } from "./port.ts";

/** Messages after which it is worth to know where they come from, and more than ZeroMQ lets wait of one peer. */
const FIRST_MESSAGES = 16;
const MORE_MESSAGES = 256;

/** Peers under suspicion; a stranger must not fill the memory with them. */
const MAX_SUSPECTS = 1_000;

/** What it needs of a socket. */
export type SenderPort = Pick<RouterPort, "door" | "wantSender" | "lastSender">;

interface Suspect {
  messages: number;
  /** After how many of them the next is looked at. */
  due: number;
  /** What the last one that was looked at seems to have come over. */
  connection: Connection | undefined;
}

/** The suspects. */
export class Expulsion {
  readonly #port: SenderPort;
  readonly #suspects = new Map<string, Suspect>();
  /** Those whose next message is looked at. */
  readonly #wanted = new Set<string>();

  /** Suspects nobody yet. */
  constructor(port: SenderPort) {
    this.#port = port;
  }

  /** A message was taken of a peer that was given up. */
  note(key: string): void {
    const suspect = this.#suspectOf(key);
    if (suspect === undefined || ++suspect.messages < suspect.due) return;
    if (suspect.messages === suspect.due) return this.#want(key, true);
    const { door } = this.#port;
    const descriptor = this.#port.lastSender?.();
    this.#want(key, false);
    const connection = descriptor === undefined ? undefined : door?.connectionOf(descriptor);
    if (connection !== undefined && suspect.connection === connection) door?.cut(connection);
    if (connection === undefined || suspect.connection === connection) this.forget(key);
    suspect.connection = connection;
    suspect.due = suspect.messages + MORE_MESSAGES;
  }

  /** A peer is gone. */
  forget(key: string): void {
    if (this.#suspects.delete(key)) this.#want(key, false);
  }

  #suspectOf(key: string): Suspect | undefined {
    const known = this.#suspects.get(key);
    if (known !== undefined || this.#port.door === undefined) return known;
    if (this.#suspects.size >= MAX_SUSPECTS) return undefined;
    const suspect = { messages: 0, due: FIRST_MESSAGES, connection: undefined };
    this.#suspects.set(key, suspect);
    return suspect;
  }

  #want(key: string, isWanted: boolean): void {
    if (isWanted) this.#wanted.add(key);
    else this.#wanted.delete(key);
    this.#port.wantSender?.(this.#wanted.size > 0);
  }
}
