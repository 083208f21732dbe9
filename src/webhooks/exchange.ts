/**
 * One POST over HTTP/1.1 on a connection of its own, to an address that the caller has chosen: `fetch` would look
 * the name up again, and `node:https` asks for a right (`ca`) that no flag of Deno 2.9.6 can grant.
 */

/** What is sent, and where to. */
export interface Exchange {
  /** The URL. */
  readonly target: URL;
  /** Address of its host to connect to. */
  readonly address: string;
  /** Headers, but for `host` and those of the body. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body. */
  readonly body: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What is read of the answer. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** The header `Retry-After`, if there is one. */
  readonly retryAfter: string | undefined;
}

/** Longest head of an answer, in bytes. */
const MAX_HEAD_BYTES = 16_384;

/**
 * Sends and reads the head of the answer; the rest is left unread.
 *
 * @throws {Error} for whatever keeps an answer from coming; the reason of the signal if that has aborted.
 */
export async function exchange(options: Exchange): Promise<Answer> {
  const { target, address, signal } = options;
  const isSecure = target.protocol === "https:";
  const port = Number(target.port) || (isSecure ? 443 : 80);
  signal.throwIfAborted();
  const plain = await Deno.connect({ hostname: address, port, signal });
  let connection: Deno.Conn = plain;
  const close = () => closeQuietly(connection);
  signal.addEventListener("abort", close);
  try {
    // The certificate is for the name, whatever the address.
    if (isSecure) connection = await Deno.startTls(plain, { hostname: bare(target.hostname) });
    // A receiver may answer before it has read all, and read no more.
    const writing = writeAll(connection, requestOf(options)).catch(() => {});
    const answer = await readAnswer(connection);
    close();
    await writing;
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** A host of a URL as the system knows it: an IPv6 address without its brackets. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function requestOf({ target, headers, body }: Exchange): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const content = encoder.encode(body);
  // None of these can hold the end of a line: a URL has it escaped, and the headers are ours.
  const head = [
    `POST ${target.pathname}${target.search} HTTP/1.1`,
    `host: ${target.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${content.length}`,
    "connection: close",
    "\r\n",
  ].join("\r\n");
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(encoder.encode(head));
  bytes.set(content, head.length);
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Reads up to the head that is no mere "wait" (1xx). */
async function readAnswer(connection: Deno.Conn): Promise<Answer> {
  const chunk = new Uint8Array(4_096);
  const decoder = new TextDecoder("latin1");
  let text = "";
  let size = 0;
  for (;;) {
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      const answer = parseHead(text.slice(0, end));
      if (answer.status >= 200) return answer;
      text = text.slice(end + 4);
      continue;
    }
    const count = await connection.read(chunk);
    if (count === null) throw new Error("The connection ended without an answer");
    size += count;
    if (size > MAX_HEAD_BYTES) throw new Error("The head of the answer is too long");
    text += decoder.decode(chunk.subarray(0, count), { stream: true });
  }
}

function parseHead(head: string): Answer {
  const [first = "", ...lines] = head.split("\r\n");
  const status = Number(/^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(first)?.[1] ?? NaN);
  if (Number.isNaN(status)) throw new Error("The answer is no HTTP");
  const [, retryAfter] = lines.map((line) => /^retry-after:\s*(.*?)\s*$/i.exec(line) ?? [])
    .find(([line]) => line !== undefined) ?? [];
  return { status, retryAfter };
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
