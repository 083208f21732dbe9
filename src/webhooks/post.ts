/** One try to tell: a signed POST to an address that was looked at. */

import { lookup, type LookupAddress } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Webhook } from "standardwebhooks";
import { isPublic } from "./addresses.ts";
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
  /** Finds the addresses of a host. @default {that of the system} */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
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
    try {
      const target = new URL(url);
      // An address instead of a name is not looked up.
      const literal = target.hostname.replace(/^\[|\]$/g, "");
      if (isIP(literal) !== 0 && !mayBePrivate && !isPublic(literal)) return failed(PRIVATE);
      const answer = await post(target, body, {
        headers,
        lookup: checkedLookup(resolve, mayBePrivate),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return judge(answer);
    } catch (error) {
      if (signal.aborted) return failed("The worker stopped");
      return failed(describe(error, timeoutMs));
    }
  };
}

const PRIVATE =
  "Its address is not of the public internet; the operator can set webhooks.allow_private";

interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly lookup: LookupFunction;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

function post(target: URL, body: string, options: PostOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = target.protocol === "https:" ? overHttps : overHttp;
  const bytes = new TextEncoder().encode(body);
  const headers = { ...options.headers, "content-length": String(bytes.length) };
  // No agent: a connection that is kept would be used again without a look at its address.
  const sending: ClientRequest = send(target, {
    ...options,
    method: "POST",
    headers,
    agent: false,
  }, (answer: IncomingMessage) => {
    const { statusCode: status = 0, headers: { "retry-after": retryAfter } } = answer;
    resolve({ status, retryAfter });
    answer.on("error", () => {});
    answer.destroy();
  });
  sending.on("error", reject);
  sending.end(bytes);
  return promise;
}

function checkedLookup(
  resolve: NonNullable<PosterOptions["resolve"]>,
  mayBePrivate: boolean,
): LookupFunction {
  return (host, { all }, callback) => {
    resolve(host).then((found) => {
      const usable = mayBePrivate ? found : found.filter(({ address }) => isPublic(address));
      const [first] = usable;
      if (first === undefined) return callback(new Error(PRIVATE), "", 0);
      if (all === true) callback(null, [...usable]);
      else callback(null, first.address, first.family);
    }, (error: NodeJS.ErrnoException) => callback(error, "", 0));
  };
}

function systemAddresses(host: string): Promise<readonly LookupAddress[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly LookupAddress[]>();
  lookup(host, { all: true }, (error, found) => error === null ? resolve(found) : reject(error));
  return promise;
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

function describe(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  const isLate = [error, error.cause].some((each) =>
    each instanceof Error && each.name === "TimeoutError"
  );
  return isLate ? `No answer within ${timeoutMs / 1_000} s` : error.message;
}
