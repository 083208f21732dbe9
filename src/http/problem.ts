/** Errors as `application/problem+json` (RFC 9457), with the wire's words and codes. */

/** What went wrong, for programs and for people. */
export interface Problem {
  /** HTTP status. */
  readonly status: number;
  /** Stable, machine-readable reason. */
  readonly code: string;
  /** What happened and what to do about it. */
  readonly detail: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
}

/** Thrown by routes; what else they throw is a fault of the program. */
export class HttpProblem extends Error {
  /** What is answered. */
  readonly problem: Problem;

  /** Takes what is answered. */
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "HttpProblem";
    this.problem = problem;
  }
}

/** Seconds after which a full queue may have room. */
const RETRY_AFTER_S = 5;

/** The beginnings of the wire's refusals, with what they are over HTTP. */
const REFUSALS: readonly (readonly [start: string, status: number, code: string])[] = [
  ["Queue full", 503, "queue_full"],
  ["Backend busy", 503, "unavailable"],
  ["Communication error", 502, "backend"],
  ["Model not found", 422, "model_not_found"],
  ["Invalid parameter: id: it belongs to a job", 409, "id_conflict"],
  ["Invalid parameter: server", 404, "not_found"],
  ["Invalid parameter: worker", 404, "not_found"],
  ["Invalid parameter", 422, "invalid_parameter"],
  ["Malformed message", 400, "malformed"],
  ["Message too large", 413, "too_large"],
  ["Job not found", 404, "not_found"],
  ["Image not found", 404, "not_found"],
];

/** What a refusal of the wire protocol is over HTTP. */
export function refusal(message: string): HttpProblem {
  const [, status, code] = REFUSALS.find(([start]) => message.startsWith(start)) ??
    ["", 500, "backend"];
  const retry = status === 503 ? { retryAfterS: RETRY_AFTER_S } : {};
  return new HttpProblem({ status, code, detail: message, ...retry });
}

/** Makes the answer. */
export function problemResponse({ status, code, detail, retryAfterS }: Problem): Response {
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (retryAfterS !== undefined) headers.set("retry-after", String(retryAfterS));
  // What is still to come of its body is not waited for.
  if (status === 408) headers.set("connection", "close");
  if (status === 401) headers.set("www-authenticate", "Bearer");
  const body = { type: "about:blank", title: titleOf(status), status, code, detail };
  return new Response(JSON.stringify(body), { status, headers });
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

function titleOf(status: number): string {
  return TITLES[status] ?? "Error";
}
