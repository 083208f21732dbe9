/** One try to tell: a signed POST to an address that was looked at. */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { Webhook } from "standardwebhooks";
import { isPublic } from "./addresses.ts";
import { type Answer, bare, exchange } from "./exchange.ts";
import { refusalOf, type WebhookRules } from "./rules.ts";

/** What is told. */
export interface Message {
  /** Its name, the same at each try. */
  readonly id: string;
  /** Where to. */
  readonly url: string;
  /** JSON. */
  readonly body: string;
}

/** How a try ended. */
export type PostResult =
  | { readonly type: "delivered" }
  | {
    readonly type: "failed";
    /** Why, in words. */
    readonly error: string;
    /** True if no other try could do better. */
    readonly isFinal: boolean;
    /** Pause that the receiver asks for, in milliseconds. */
    readonly pauseMs?: number;
  };

/** Options of {@linkcode createPoster}. */
export interface PosterOptions {
  /** Where webhooks may lead. */
  readonly rules: WebhookRules;
  /** What they are signed with. */
  readonly secrets: readonly string[];
  /** Longest time to an answer, in milliseconds. @default {15000} */
  readonly timeoutMs?: number;
  /** Finds the addresses of a host. @default {what the system knows} */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Clock, Unix milliseconds. @default {Date.now} */
  readonly now?: () => number;
}

/** Tries to tell something; never rejects. */
export type Poster = (message: Message, signal: AbortSignal) => Promise<PostResult>;

/** Longest pause that a receiver can ask for, in milliseconds. */
const MOST_PAUSE_MS = 3_600_000;

/**
 * Creates a poster. Redirects are not followed, nothing of an answer's body is read, and each try looks at the
 * addresses of the host anew and connects to one of those that it looked at: a name that leads elsewhere
 * meanwhile ("DNS rebinding") changes nothing.
 */
export function createPoster(options: PosterOptions): Poster {
  const { rules, timeoutMs = 15_000, now = Date.now } = options;
  const signers = options.secrets.map((secret) => new Webhook(secret));
  const resolve = options.resolve ?? systemAddresses;
  return async ({ id, url, body }, signal) => {
    const refused = refusalOf(url, rules);
    if (refused !== undefined) return failed(`Not allowed any more: ${refused}`, true);
    const mayBePrivate = rules.allowPrivate || url === rules.ownUrl;
    const sentAt = new Date(now());
    const headers = {
      "content-type": "application/json",
      "user-agent": "dgx-pixels-worker",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
      "webhook-signature": signers.map((signer) => signer.sign(id, sentAt, body)).join(" "),
    };
    const both = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const target = new URL(url);
      const found = await within(both, addressesOf(target, resolve));
      const usable = mayBePrivate ? found : found.filter(isPublic);
      if (usable.length === 0) return failed(found.length === 0 ? NO_ADDRESS : PRIVATE);
      return judge(await reach(usable, { target, headers, body, signal: both }));
    } catch (error) {
      if (signal.aborted) return failed("The worker stopped");
      return failed(both.aborted ? `No answer within ${timeoutMs / 1_000} s` : textOf(error));
    }
  };
}

const NO_ADDRESS = "Its host has no address";

const PRIVATE =
  "Its address is not of the public internet; the operator can set webhooks.allow_private";

/** Addresses of a host that are tried at most: some are of a kind that this machine does not reach. */
const MOST_ADDRESSES = 4;

async function addressesOf(
  { hostname }: URL,
  resolve: NonNullable<PosterOptions["resolve"]>,
): Promise<readonly string[]> {
  const host = bare(hostname);
  return isIP(host) === 0 ? await resolve(host) : [host];
}

/** Sends to the first of some addresses that takes a connection. */
async function reach(
  addresses: readonly string[],
  request: Omit<Parameters<typeof exchange>[0], "address">,
): Promise<Answer> {
  let last: unknown;
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    try {
      return await exchange({ ...request, address });
    } catch (error) {
      last = error;
      // What was sent once may have been taken.
      if (!isUnreached(error) || request.signal.aborted) break;
    }
  }
  throw last;
}

function isUnreached(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    (error instanceof Error && /unreachable/i.test(error.message));
}

async function systemAddresses(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** The result of some work, unless the signal aborts before. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** 410 is how a receiver says that it wants nothing any more. */
function judge({ status, retryAfter }: Answer): PostResult {
  if (status >= 200 && status < 300) return { type: "delivered" };
  if (status >= 300 && status < 400) return failed(`HTTP ${status}: redirects are not followed`);
  const seconds = Number(/^\d{1,6}$/.exec(retryAfter ?? "")?.[0] ?? NaN);
  const pause = Number.isNaN(seconds) ? {} : { pauseMs: Math.min(seconds * 1_000, MOST_PAUSE_MS) };
  return { ...failed(`HTTP ${status}`, status === 410), ...pause };
}

function failed(error: string, isFinal = false): PostResult & { type: "failed" } {
  return { type: "failed", error, isFinal };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
