/**
 * The WebSocket side: who is connected, and who gets which message.
 *
 * A peculiarity is kept on purpose: sockets are filed by client id alone. A second socket with the same
 * id replaces the first, and when the first closes it takes the entry of the second with it.
 *
 * @module
 */

import { binaryFrame, type BinaryType } from "./frames.ts";
import { dumpJson, isObject, type Json, type JsonObject, parseJson } from "./json.ts";

/** Largest message taken from a client, as aiohttp has it. */
const LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024;

/** The part of a WebSocket that is used here. */
export interface ClientSocket {
  /** Sends a message. */
  send(data: string | Uint8Array<ArrayBuffer>): unknown;
  /** Closes the connection with a code. */
  close(code: number): void;
}

/** What is told to the table of clients from outside. */
export interface ClientsContext {
  /** Answer to `feature_flags`; `undefined` when the version does not know them. */
  readonly features: JsonObject | undefined;
  /** Present content of a `status` message. */
  status(): JsonObject;
}

/** The connected clients. */
export class Clients {
  readonly #context: ClientsContext;
  readonly #sockets = new Map<string, ClientSocket>();
  readonly #flags = new Map<string, Json>();
  /** Client of the prompt that runs, or ran last. */
  current: string | undefined;
  /** Node that runs, if any. */
  currentNode: string | undefined;
  /** While true nothing is sent to anybody. */
  isMuted = false;

  /** Creates an empty table. */
  constructor(context: ClientsContext) {
    this.#context = context;
  }

  /** Takes a socket in and greets it. */
  add(id: string, socket: ClientSocket): void {
    this.#sockets.set(id, socket);
    this.#flags.set(id, {});
    this.send("status", { status: this.#context.status(), sid: id }, id);
    if (this.current === id && this.currentNode !== undefined) {
      this.send("executing", { node: this.currentNode }, id);
    }
  }

  /** Forgets whatever socket is filed under the id of one that closed. */
  remove(id: string): void {
    this.#sockets.delete(id);
    this.#flags.delete(id);
  }

  /** Treats a message of a client. Returns true when it used up the first turn. */
  receive(id: string, socket: ClientSocket, text: string, isFirst: boolean): boolean {
    if (text.length > LARGEST_MESSAGE_BYTES) {
      socket.close(1009);
      return false;
    }
    const message = tryParse(text);
    if (!isObject(message)) return false;
    if (isFirst && message.type === "feature_flags" && this.#context.features !== undefined) {
      this.#flags.set(id, message.data ?? {});
      this.send("feature_flags", this.#context.features, id);
    }
    return true;
  }

  /** Tells whether a client takes previews with metadata. */
  takesPreviewMetadata(id: string | undefined): boolean {
    const flags = id === undefined ? undefined : this.#flags.get(id);
    return isObject(flags) && flags.supports_preview_metadata === true;
  }

  /** Sends `status` to everybody. */
  announceStatus(): void {
    this.send("status", { status: this.#context.status() }, undefined);
  }

  /** Sends a JSON message to one client, or to all when `id` is `undefined`. */
  send(type: string, data: object, id: string | undefined): void {
    this.#deliver(dumpJson({ type, data }), id);
  }

  /** Sends a binary message to one client, or to all when `id` is `undefined`. */
  sendBinary(type: BinaryType, payload: readonly Uint8Array[], id: string | undefined): void {
    this.#deliver(binaryFrame(type, payload), id);
  }

  #deliver(message: string | Uint8Array<ArrayBuffer>, id: string | undefined): void {
    if (this.isMuted) return;
    if (id === undefined) {
      for (const socket of this.#sockets.values()) socket.send(message);
    } else {
      this.#sockets.get(id)?.send(message);
    }
  }
}

function tryParse(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
