/** Progress to bytes: the message that comes most often, of which only numbers change within a stage. */

import type { Progress } from "./messages.ts";
import { isTellable } from "./values.ts";

/** Jobs of which the beginning of the message is kept. */
const MOST_JOBS = 256;

/** More than all behind the beginning takes. */
const TAIL_BYTES = 128;

/** Longest name of a job that is kept, in characters. */
const MAX_ID_CHARS = 512;

const KEYS = {
  step: key("step"),
  total: key("total_steps"),
  percent: key("percent"),
  eta: key("eta_s"),
  epoch: key("epoch"),
  seq: key("seq"),
};

/** MessagePack: a short text is 0xa0 + length, then its bytes. */
function key(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  return new Uint8Array([0xa0 + bytes.length, ...bytes]);
}

/** A message up to its stage, without the number of its fields. */
interface Head {
  readonly stage: Progress["stage"];
  readonly bytes: Uint8Array;
}

/** Writes progress to the same bytes as the encoder. */
export class ProgressWriter {
  readonly #encode: (message: unknown) => Uint8Array;
  readonly #heads = new Map<string, Head>();
  readonly #bytes = new Uint8Array(4 * MAX_ID_CHARS + TAIL_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Has the beginnings written by an encoder. */
  constructor(encode: (message: unknown) => Uint8Array) {
    this.#encode = encode;
  }

  /** The bytes; undefined for what is out of the ordinary. */
  write(progress: Progress): Uint8Array<ArrayBuffer> | undefined {
    const { step, total_steps, percent, eta_s, epoch, seq } = progress;
    if (progress.worker !== undefined || epoch === undefined || seq === undefined) return undefined;
    // Also false for what is no number at all.
    if (!(Math.min(step, total_steps, percent, eta_s, epoch, seq) >= 0)) return undefined;
    if (Math.max(step, total_steps, percent, eta_s, epoch, seq) === Infinity) return undefined;
    const head = this.#headOf(progress);
    if (head === undefined) return undefined;
    this.#bytes[0] = 0x89;
    this.#bytes.set(head, 1);
    this.#at = 1 + head.length;
    this.#field(KEYS.step, step);
    this.#field(KEYS.total, total_steps);
    this.#field(KEYS.percent, percent);
    this.#field(KEYS.eta, eta_s);
    this.#field(KEYS.epoch, epoch);
    this.#field(KEYS.seq, seq);
    return this.#bytes.slice(0, this.#at);
  }

  #headOf({ type, job_id, stage }: Progress): Uint8Array | undefined {
    const known = this.#heads.get(job_id);
    if (known?.stage === stage) return known.bytes;
    const fields = { type, job_id, stage };
    if (job_id.length > MAX_ID_CHARS || !isTellable(fields)) return undefined;
    if (this.#heads.size >= MOST_JOBS) this.#heads.clear();
    const bytes = this.#encode(fields).subarray(1);
    this.#heads.set(job_id, { stage, bytes });
    return bytes;
  }

  #field(key: Uint8Array, value: number): void {
    this.#bytes.set(key, this.#at);
    this.#at += key.length;
    this.#number(value);
  }

  /** As short as can be, as the encoder does. */
  #number(value: number): void {
    const view = this.#view;
    const at = this.#at;
    if (!Number.isSafeInteger(value)) {
      view.setUint8(at, 0xcb);
      view.setFloat64(at + 1, value);
      this.#at = at + 9;
    } else if (value < 0x80) {
      view.setUint8(at, value);
      this.#at = at + 1;
    } else if (value < 0x100) {
      view.setUint8(at, 0xcc);
      view.setUint8(at + 1, value);
      this.#at = at + 2;
    } else if (value < 0x10000) {
      view.setUint8(at, 0xcd);
      view.setUint16(at + 1, value);
      this.#at = at + 3;
    } else if (value < 0x100000000) {
      view.setUint8(at, 0xce);
      view.setUint32(at + 1, value);
      this.#at = at + 5;
    } else {
      view.setUint8(at, 0xcf);
      view.setUint32(at + 1, Math.floor(value / 0x100000000));
      view.setUint32(at + 5, value >>> 0);
      this.#at = at + 9;
    }
  }
}
