/** Ids that say what a job shows, and so names of its files: `a-knight-with-a-round-shield_0001`. */

import type { Client } from "../../client/mod.ts";
import { ProtocolError } from "../../errors.ts";

/** Longest part of an id that comes from the prompt; the worker cuts names of files at 80 characters. */
const MAX_SLUG_CHARS = 48;

/** Digits of a number, at least. */
const DIGITS = 4;

/** Numbers asked for at once. */
const BLOCK = 100;

/** The words of a prompt as an id has them; `image` if nothing of them is left. */
export function slugOf(prompt: string): string {
  const plain = prompt.normalize("NFKD").toLowerCase()
    .replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  if (plain.length <= MAX_SLUG_CHARS) return plain === "" ? "image" : plain;
  const cut = plain.slice(0, MAX_SLUG_CHARS + 1);
  // Between two words, unless the first one is as long as that.
  const end = cut.lastIndexOf("-");
  return cut.slice(0, end > 0 ? end : MAX_SLUG_CHARS);
}

/**
 * The next ids for a prompt, one number higher than any that the worker still knows. A worker that cannot
 * be asked for them gets ids that are drawn.
 */
export async function nextNames(
  client: Pick<Client, "jobs">,
  prompt: string,
  count: number,
): Promise<string[]> {
  const slug = slugOf(prompt);
  try {
    const first = await firstFree(client, slug);
    return Array.from({ length: count }, (_, index) => numbered(slug, first + index));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return Array.from({ length: count }, () => `${slug}_${crypto.randomUUID().slice(0, 8)}`);
  }
}

async function firstFree(client: Pick<Client, "jobs">, slug: string): Promise<number> {
  for (let start = 1;; start += BLOCK) {
    const ids = Array.from({ length: BLOCK }, (_, index) => numbered(slug, start + index));
    const { unknown_ids = [] } = await client.jobs({ job_ids: ids });
    const unknown = new Set(unknown_ids);
    const lastKnown = ids.findLastIndex((id) => !unknown.has(id));
    if (lastKnown < BLOCK - 1) return start + lastKnown + 1;
  }
}

function numbered(slug: string, number: number): string {
  return `${slug}_${String(number).padStart(DIGITS, "0")}`;
}
