/** Reading what a server sends, but no more of it than is allowed to be in memory. */

/** What was read of a body. */
export interface ReadBody {
  /** Its text, or the beginning of it. */
  readonly text: string;
  /** False if there was more than was allowed. */
  readonly isWhole: boolean;
}

/**
 * Reads a body as text. What is counted is what lies in memory: a compressed body may become a
 * thousand times as large as its announced length.
 *
 * @param maxBytes Where reading stops, and the connection is given up.
 */
export async function readText(response: Response, maxBytes: number): Promise<ReadBody> {
  const length = lengthOf(response);
  if (length !== undefined && length > maxBytes) return await giveUp(response);
  // In one go, where the length is known beforehand: no more than that can come.
  if (length !== undefined) return { text: await response.text(), isWhole: true };
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const room = maxBytes - size;
    size += chunk.length;
    parts.push(decoder.decode(chunk.subarray(0, room), { stream: true }));
    // Leaving the loop cancels the body.
    if (size > maxBytes) return { text: parts.join(""), isWhole: false };
  }
  return { text: parts.join("") + decoder.decode(), isWhole: true };
}

async function giveUp(response: Response): Promise<ReadBody> {
  await response.body?.cancel();
  return { text: "", isWhole: false };
}

/** Size of a body, if the server tells it; that of a compressed one tells nothing about its content. */
export function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  if (length === null || headers.get("content-encoding") !== null) return undefined;
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
