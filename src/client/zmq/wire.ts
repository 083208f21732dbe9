/** Messages to bytes and back: all that the client knows of the wire's form. */

import { ProtocolError } from "../../errors.ts";
import {
  canCompress,
  compress,
  COMPRESSION_METHODS,
  type CompressionMethod,
  compressionOf,
  decodeReply,
  decodeUpdate,
  encodeRequest,
  type Reply,
  type Request,
  type Update,
} from "../../protocol/mod.ts";

/** Which requests are compressed, and how. `auto` takes the best method that the worker knows. */
export type Compression = "auto" | CompressionMethod | "off";

/** Sends a body until an answer comes; rejects when none does. */
export type Send = (body: Uint8Array) => Promise<Uint8Array>;

/** Requests up to this size in bytes are not compressed. */
const LEAST_BYTES = 8_192;

/** What must be left of a request at most; images, which do not shrink, go as they are. */
const WORTHWHILE = 0.9;

/** One client's exchanges with one worker. */
export class Wire {
  readonly #wanted: readonly CompressionMethod[];
  /** How requests are compressed; undefined until the worker has said what it knows. */
  #method: CompressionMethod | "none" | undefined;
  #asking = false;

  /** Compresses as told, once the worker has said that it knows the method. */
  constructor(compression: Compression = "auto") {
    if (compression === "auto") this.#wanted = COMPRESSION_METHODS;
    else this.#wanted = compression === "off" ? [] : [compression];
  }

  /**
   * Sends a request and reads its reply. A worker that does not know compression never gets to see
   * any, unless it has taken the place of one that does: then it is sent the request once more.
   *
   * @throws {ProtocolError} `too_large` for the request; otherwise when the reply is none.
   * @throws what `send` throws.
   */
  async exchange(request: Request, send: Send): Promise<Reply> {
    const plain = encodeRequest(request);
    const packed = await this.#pack(plain, send);
    if (packed === undefined) return decodeReply(await send(plain));
    const answer = await this.#sendPacked(packed, send);
    const reply = decodeReply(answer);
    if (reply.type !== "error" || compressionOf(answer) !== undefined) return reply;
    // An uncompressed refusal of a compressed request: it was not understood, so nothing was done.
    this.#method = "none";
    return decodeReply(await send(plain));
  }

  /** The compressed form, if the worker understands one and it is worthwhile. */
  async #pack(plain: Uint8Array, send: Send): Promise<Uint8Array | undefined> {
    if (plain.length <= LEAST_BYTES || this.#wanted.length === 0) return undefined;
    const method = this.#method ?? await this.#ask(send);
    if (method === "none") return undefined;
    const packed = compress(plain, method);
    return packed.length <= plain.length * WORTHWHILE ? packed : undefined;
  }

  /** Whoever comes while the question is open goes uncompressed, rather than wait or ask too. */
  async #ask(send: Send): Promise<CompressionMethod | "none"> {
    if (this.#asking) return "none";
    this.#asking = true;
    try {
      const known = knownMethods(await send(encodeRequest({ type: "status" })));
      if (known === undefined) return "none";
      return this.#method = this.#wanted.find((method) =>
        known.includes(method) && canCompress(method)
      ) ?? "none";
    } finally {
      this.#asking = false;
    }
  }

  /** A worker that keeps silent may be another one by now, and is asked again next time. */
  async #sendPacked(packed: Uint8Array, send: Send): Promise<Uint8Array> {
    try {
      return await send(packed);
    } catch (error) {
      this.#method = undefined;
      throw error;
    }
  }
}

/** The update that bytes are. What this client does not know belongs to a newer worker. */
export function readUpdate(bytes: Uint8Array): Update | undefined {
  try {
    return decodeUpdate(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** What a worker says that it understands, which is nothing for an older one; undefined if unclear. */
function knownMethods(answer: Uint8Array): readonly string[] | undefined {
  try {
    const reply = decodeReply(answer);
    return reply.type === "status_info" ? reply.compression ?? [] : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
