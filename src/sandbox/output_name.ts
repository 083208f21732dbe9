/** Names of the files that a job leaves. Pure. */

/** What an id becomes that had to be changed: others that end so, such as `job-0123456789abcdef`, are none. */
const FINGERPRINTED = /^(?=.*_|.{80}$|(?:con|prn|aux|nul|com\d|lpt\d)[.-]).*-[0-9a-f]{16}$/;

/** What a pattern may ask for. */
export interface OutputFacts {
  /** The client's name of the job. */
  jobId: string;
  /** Place of the image in the batch, from 0. */
  index: number;
  /** Prompt of the request. */
  prompt: string;
  /** Seed. */
  seed: number;
  /** Checkpoint. */
  model: string;
  /** When the image was fetched, Unix milliseconds. */
  timestampMs: number;
}

/** Longest part of a name that one placeholder gives. */
const MAX_PART_CHARS = 80;
/** Longest name without its extension; file systems end at 255 bytes, and every character here is one. */
const MAX_NAME_CHARS = 200;

/** Names that Windows keeps for devices, whatever their extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * Fills a pattern such as `{job_id}_{index}` with facts.
 *
 * Ids and prompts come from strangers, so each value keeps only letters, digits, `.`, `-` and `_`; an id
 * that had to be changed gets a fingerprint of the original, so that two of them cannot meet in one
 * name. The result is one path segment, never hidden, an option, or empty.
 *
 * @returns the name without extension.
 */
export async function outputName(pattern: string, facts: OutputFacts): Promise<string> {
  const jobId = await safePart(facts.jobId);
  const filled = pattern.replace(/\{(\w+)\}/g, (whole, key: string) => {
    return key === "job_id" ? jobId : valueOf(key, facts) ?? whole;
  });
  const name = filled.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, MAX_NAME_CHARS);
  // Programs would take a name that begins with a hyphen for an option.
  if (name === "" || /^[.-]/.test(name) || isReserved(name)) {
    return `_${name}`;
  }
  return name;
}

function isReserved(name: string): boolean {
  return RESERVED.test(name.split(".")[0] ?? "");
}

/** Only what a pattern asks for is spelled out. */
function valueOf(
  key: string,
  { index, prompt, seed, model, timestampMs }: OutputFacts,
): string | undefined {
  switch (key) {
    case "index":
      return String(index);
    case "prompt":
      return plain(prompt);
    case "seed":
      return String(seed);
    case "model":
      return plain(model.replace(/\.[a-z]+$/i, ""));
    case "timestamp":
      return new Date(timestampMs).toISOString().replace(/[-:]/g, "").slice(0, 15);
  }
  return undefined;
}

async function safePart(value: string): Promise<string> {
  const safe = plain(value);
  // Case is folded by some file systems: ids that differ in case alone must not meet either. One that looks
  // like a changed one, or would be changed later on, could meet it.
  const isKept = safe === value && value === value.toLowerCase() && /^[^.-]/.test(value) &&
    !isReserved(value) && !FINGERPRINTED.test(value);
  if (isKept) return safe;
  return `${safe.slice(0, MAX_PART_CHARS - 17)}-${await fingerprint(value)}`;
}

function plain(value: string): string {
  return value.normalize("NFKD").replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, MAX_PART_CHARS);
}

/** Enough of SHA-256 that two names meet neither by chance nor on purpose. */
async function fingerprint(value: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value));
  return new Uint8Array(digest, 0, 8).toHex();
}
