/**
 * An object store of a test file's own: Debian's OpenStack Swift with its S3 API. It is in production at many
 * hosters, still developed and patched, and it checks signatures and checksums, which makers of stand-ins leave out.
 */

import { AwsClient } from "aws4fetch";
import type { S3StoreOptions } from "../../../src/store/bucket/store.ts";

/** A running store with one bucket. */
export interface Swift {
  /** How to reach it. */
  readonly options: S3StoreOptions;
  /** Names of the objects in the bucket. */
  keys(): Promise<string[]>;
  /** Uploads that were begun and not ended. */
  openUploads(): Promise<number>;
}

/** How long it may take to start, in milliseconds; it takes 3 s alone. */
const START_MS = 120_000;

/**
 * Starts one that ends with the test process, or says plainly that it cannot, for want of Swift: with `CI` set that is
 * an error, elsewhere the tests that need it do not run.
 */
export async function startSwift(): Promise<Swift | undefined> {
  const dir = await Deno.makeTempDir({ prefix: "dgx-pixels-swift-" });
  const child = new Deno.Command("/usr/bin/python3", {
    // Isolated: the file has the name of what it imports.
    args: ["-I", new URL("swift.py", import.meta.url).pathname, dir],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  child.unref();
  const input = child.stdin.getWriter();
  let isOver = false;
  child.status.then(() => isOver = true);
  globalThis.addEventListener("unload", () => {
    if (!isOver) child.kill("SIGKILL");
    Deno.removeSync(dir, { recursive: true });
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  clearTimeout(timer);
  if (value === undefined) {
    const why = await new Response(child.stderr).text();
    const message = `No object store (apt-get install python3-swift): its tests cannot run: ${why}`;
    if (Deno.env.get("CI") !== undefined) throw new Error(message);
    Deno.stderr.writeSync(new TextEncoder().encode(`${message}\n`));
    return undefined;
  }
  kept.push(input, reader, child.stderr);
  const endpoint = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
  return await bucketAt(endpoint);
}

/** What ends the store when it is collected. */
const kept: unknown[] = [];

async function bucketAt(endpoint: string): Promise<Swift> {
  const [accessKey, secretKey, region, bucket] = [
    "studio:pixels",
    "not-so-secret",
    "eu-test-1",
    "images",
  ];
  const keys = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new AwsClient({ ...keys, region, service: "s3" });
  const ask = async (method: string, query: string) => {
    const answer = await client.fetch(`${endpoint}/${bucket}${query}`, { method });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text;
  };
  await ask("PUT", "");
  return {
    options: {
      endpoint,
      region,
      bucket,
      pathStyle: true,
      prefix: "pixels",
      accessKey,
      secretKey,
      sessionToken: undefined,
      credentialsFile: undefined,
      againMs: 1,
    },
    keys: async () =>
      [...(await ask("GET", "?list-type=2")).matchAll(/<Key>([^<]*)</g)].map((match) => match[1]!),
    openUploads: async () => (await ask("GET", "?uploads=")).split("<Upload>").length - 1,
  };
}
