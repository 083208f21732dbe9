/** Signed requests to an S3 store, tried again while it is busy or away. */

import { AwsClient } from "aws4fetch";
import { JobError, messageOf, PixelsError } from "../../errors.ts";
import { createRedactor } from "../../secrets.ts";
import { type CredentialSettings, readCredentials } from "./credentials.ts";

/** Where a bucket is. */
export interface S3Address extends CredentialSettings {
  /** Base URL of the store, without a trailing slash. */
  readonly endpoint: string;
  /** Name of the region, which signatures contain. */
  readonly region: string;
  /** True if the bucket goes into the path, false if before the host's name. */
  readonly pathStyle: boolean;
  /** Its name. */
  readonly bucket: string;
}

/** One request. */
export interface S3Request {
  /** Name of the object, or nothing for the bucket. */
  readonly key: string;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Parts of the query. */
  readonly query?: Readonly<Record<string, string>>;
  /** Headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent. */
  readonly body?: Uint8Array<ArrayBuffer>;
  /** How often it is sent at the most. @default {5} */
  readonly attempts?: number;
}

/** How patient requests are. */
export interface S3Patience {
  /** Until an answer begins, in milliseconds, on top of what its body takes. @default {30000} */
  readonly answerMs?: number;
  /** Longest pause before the second try, in milliseconds; doubled for each one after it. @default {200} */
  readonly againMs?: number;
}

const ATTEMPTS = 5;

/** What even a slow line carries: a body that is sent has the more time. */
const BYTES_PER_MS = 50;

/** Most of an error's text that is told. */
const MAX_TOLD_CHARS = 500;

/** Most of an error's text that is read. */
const MAX_TEXT_BYTES = 65_536;

/** Sends requests. */
export class S3Requests {
  readonly #address: S3Address;
  readonly #base: string;
  readonly #answerMs: number;
  readonly #againMs: number;
  /** What the last request was signed with. */
  #secrets: readonly string[] = [];

  /** Sends nothing yet. */
  constructor(address: S3Address, { answerMs = 30_000, againMs = 200 }: S3Patience = {}) {
    this.#address = address;
    this.#base = baseOf(address);
    this.#answerMs = answerMs;
    this.#againMs = againMs;
  }

  /** How long a body may pause while it comes, in milliseconds. */
  get answerMs(): number {
    return this.#answerMs;
  }

  /**
   * Sends one until there is an answer that another try would not better: success, or a refusal.
   *
   * @throws {JobError} `storage` if there is none, and whatever `signal` was aborted with.
   */
  async send(method: string, request: S3Request): Promise<Response> {
    const { signal, attempts = ATTEMPTS } = request;
    for (let attempt = 1;; attempt += 1) {
      const answer = await this.#once(method, request);
      signal.throwIfAborted();
      if (answer instanceof Response && !isPassing(answer.status)) return answer;
      const why = answer instanceof Response ? await explain(answer, this.#answerMs) : answer;
      if (attempt >= attempts) throw this.#failure(why);
      await pause(Math.random() * this.#againMs * 2 ** (attempt - 1), signal);
    }
  }

  /**
   * The same, and any answer but success is an error.
   *
   * @throws {JobError} `storage`
   */
  async succeed(method: string, request: S3Request): Promise<Response> {
    const answer = await this.send(method, request);
    if (answer.ok) return answer;
    throw this.#failure(await explain(answer, this.#answerMs));
  }

  /** What went wrong, and where; a store may repeat what it was sent. */
  #failure(why: string): JobError {
    const { bucket, endpoint } = this.#address;
    const told = createRedactor(this.#secrets)(why).slice(0, MAX_TOLD_CHARS);
    return new JobError("storage", `The image store ${endpoint}, bucket ${bucket}: ${told}`);
  }

  /** An answer, or why there is none. */
  async #once(
    method: string,
    { key, signal, query = {}, headers = {}, body }: S3Request,
  ): Promise<Response | string> {
    const { region } = this.#address;
    const ending = new AbortController();
    const timer = setTimeout(
      () => ending.abort(new Error("No answer comes")),
      this.#answerMs + (body?.length ?? 0) / BYTES_PER_MS,
    );
    try {
      const credentials = await readCredentials(this.#address);
      const client = new AwsClient({ ...credentials, service: "s3", region });
      const url = new URL(`${this.#base}/${key.split("/").map(encodeURIComponent).join("/")}`);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const init = { method, headers, ...(body === undefined ? {} : { body }) };
      const signed = await client.sign(url.href, init);
      const { secretAccessKey, sessionToken = "" } = credentials;
      this.#secrets = [secretAccessKey, sessionToken, signed.headers.get("authorization") ?? ""];
      const both = AbortSignal.any([signal, ending.signal]);
      // The signature is for this host alone, and a store must not send the worker elsewhere.
      return await fetch(signed, { signal: both, redirect: "manual" });
    } catch (error) {
      // A wrong setting is not put right by waiting.
      if (error instanceof PixelsError) throw this.#failure(error.message);
      return ending.signal.aborted ? messageOf(ending.signal.reason) : messageOf(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** `403 AccessDenied: Access Denied.` */
async function explain(answer: Response, pauseMs: number): Promise<string> {
  const { status } = answer;
  const text = await readText(answer, pauseMs).catch(() => "");
  const [code, message] = ["Code", "Message"].map((name) => tagged(text, name));
  const told = [code, message].filter((part) => part !== undefined).join(": ");
  return `HTTP ${status} ${told}`.trim();
}

/** The text of the first element of this name. */
export function tagged(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  const entities: Record<string, string> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
  return text?.replace(/&(quot|apos|lt|gt|amp);/g, (_, entity: string) => entities[entity] ?? "");
}

/** The beginning of a body that pauses no longer than so, as text; the rest is not waited for. */
export async function readText({ body }: Response, pauseMs: number): Promise<string> {
  const reader = body?.getReader();
  let text = "";
  const decoder = new TextDecoder();
  try {
    while (reader !== undefined && text.length <= MAX_TEXT_BYTES) {
      const { value, done } = await within(pauseMs, reader.read());
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
  return text.slice(0, MAX_TEXT_BYTES);
}

/** What comes of some work, which takes no longer than so. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("Nothing comes any more")), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function baseOf({ endpoint, bucket, pathStyle }: S3Address): string {
  if (pathStyle) return `${endpoint}/${bucket}`;
  return endpoint.replace(/^(https?:\/\/)/i, `$1${bucket}.`);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = () => resolve();
  signal.addEventListener("abort", end, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
  signal.throwIfAborted();
}
