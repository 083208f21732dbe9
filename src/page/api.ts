/** Asking the worker, with the token that the reader has typed. */

const TOKEN_KEY = "dgx-pixels-token";

/** What the worker refused, in its own words. */
export class ApiError extends Error {
  /** HTTP status; 0 if the worker cannot be reached. */
  readonly status: number;

  /** Takes what was answered. */
  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Called when the worker wants a token or does not know this one. */
export const unauthorized: { tell: (detail: string) => void } = { tell: () => {} };

/** The token, or nothing. It lives as long as the tab. */
export function storedToken(): string {
  return sessionStorage.getItem(TOKEN_KEY) ?? "";
}

/** Remembers the token; an empty one is forgotten. */
export function storeToken(token: string): void {
  if (token === "") sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
}

/** Asks, and throws what is no success. @throws {ApiError} */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = storedToken();
  if (token !== "") headers.set("authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "The worker cannot be reached; it may be starting again");
  }
  if (response.ok) return response;
  const body = await response.json().catch((error) => {
    // Of an answer that nobody waits for any more there is nothing to tell.
    if (init.signal?.aborted) throw error;
    return {};
  }) as { detail?: string };
  const detail = body.detail ?? `The worker answered ${response.status}`;
  if (response.status === 401) unauthorized.tell(detail);
  throw new ApiError(response.status, detail);
}

/** The JSON of a path. @throws {ApiError} */
export async function get<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  return await (await ask(path, signal === undefined ? {} : { signal })).json() as Body;
}

/** Sends JSON and gives the JSON of the answer. @throws {ApiError} */
export async function send<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const init = body === undefined ? { method } : {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return await (await ask(path, init)).json() as Body;
}

/** Path of a job, or of something of it. */
export function jobPath(id: string, rest = ""): string {
  return `/v1/jobs/${encodeURIComponent(id)}${rest}`;
}

/** The words of an error. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
