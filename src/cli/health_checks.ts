/** What can be wrong around a worker, looked at one by one. */

import type { Client } from "../client/mod.ts";
import { type Config, isDatabaseUrl, proxyVariables } from "../config/mod.ts";
import { PixelsError } from "../errors.ts";
import type { ServerInfo } from "../protocol/mod.ts";
import { redact } from "../redact.ts";
import { hideSecrets } from "../secrets.ts";
import { catalogOptions } from "./catalog_options.ts";
import { loadCatalog } from "../workflow/mod.ts";
import { isUnknownRequest } from "./errors.ts";
import type { Io } from "./io.ts";

/** What was found. */
export interface Check {
  /** What was looked at. */
  readonly name: string;
  /** `unknown` if there is no way to tell. */
  readonly state: "ok" | "failed" | "unknown";
  /** What was found, in a phrase. */
  readonly message: string;
  /** More of it, a line each. */
  readonly details: readonly string[];
}

/** Less than this is soon full: some hundred images. */
const LEAST_FREE_BYTES = 1e9;

/** The first bytes of every SQLite file (sqlite.org/fileformat.html, section 1.3). */
const SQLITE_MAGIC = "SQLite format 3\0";

/** Whether a worker answers. */
export async function checkWorker(client: Client, address: string): Promise<Check> {
  return await guard("worker", async () => {
    const startedAt = performance.now();
    await client.ping();
    const ms = performance.now() - startedAt;
    const { version, active_jobs, queue_size, problem } = await client.status();
    const details = [
      address,
      `protocol ${version}, ${active_jobs} jobs running, ${queue_size} waiting`,
    ];
    if (problem === undefined) return ok("worker", `answers in ${ms.toFixed(1)} ms`, details);
    return { name: "worker", state: "failed", message: `begins no job: ${problem}`, details };
  });
}

/** Which variables name a proxy, and whether they are in force. */
export function checkProxy({ comfyui }: Config, env: Io["env"]): Check[] {
  const variables = proxyVariables(env);
  if (variables.length === 0) return [];
  const { proxy } = comfyui;
  const is = variables.length === 1 ? "is" : "are";
  const effect = proxy === "environment" ? `${is} in force` : `${is} passed over`;
  const way = proxy === undefined || proxy === "environment" ? [] : [hideSecrets(proxy)];
  const message = `${variables.join(", ")} ${effect} on the way to ComfyUI; comfyui.proxy decides`;
  return [ok("proxy", message, way)];
}

/** How the ComfyUI servers are, which only a worker can tell. */
export async function checkServers(
  client: Client,
  config: Config,
  workerAnswers: boolean,
): Promise<Check[]> {
  if (!workerAnswers) {
    return config.comfyui.servers.map(({ name, url }) => ({
      name: `comfyui ${name}`,
      state: "unknown",
      message: "only a worker can tell",
      details: [hideSecrets(url)],
    }));
  }
  try {
    return (await client.servers()).map(describeServer);
  } catch (error) {
    if (!isUnknownRequest(error)) return [failure("comfyui", error)];
    const message = "the worker is too old to tell, update it";
    return [{ name: "comfyui", state: "unknown", message, details: [] }];
  }
}

function describeServer({ name, url, state, active_jobs, error }: ServerInfo): Check {
  return {
    name: `comfyui ${name}`,
    state: state === "ready" ? "ok" : "failed",
    message: error === undefined ? state : `${state}: ${error}`,
    details: [url, `${active_jobs} jobs running`],
  };
}

/** Whether all workflow templates can be used. */
export async function checkWorkflows(config: Config): Promise<Check> {
  return await guard("workflows", async () => {
    const { templates, problems } = await loadCatalog(catalogOptions(config));
    const where = config.workflows.dir ?? "the package";
    const names = [...templates.keys()];
    if (problems.length === 0) return ok("workflows", `${names.length} in ${where}`, names);
    const [first = ""] = problems;
    const more = problems.length === 1 ? first : `${problems.length} things are wrong in ${where}`;
    return { name: "workflows", state: "failed", message: more, details: problems };
  });
}

/** Whether images can be written. */
export async function checkOutput({ output }: Config): Promise<Check> {
  return await guard("output", async () => {
    try {
      const path = await Deno.realPath(output.dir);
      await Deno.remove(await Deno.makeTempFile({ dir: path, prefix: ".writable-" }));
      return ok("output", "can be written", [path]);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return ok("output", "is not there yet; the worker makes it", [output.dir]);
    }
  });
}

/** Whether there is room for images and for the queue. */
export async function checkDisk(
  { output, worker }: Config,
  io: Pick<Io, "freeBytes">,
): Promise<Check> {
  return await guard("disk", async () => {
    const { dbPath } = worker;
    const folders = dbPath === ":memory:" || isDatabaseUrl(dbPath)
      ? [output.dir]
      : [output.dir, parentOf(dbPath)];
    const found = await Promise.all(folders.map(async (folder) => {
      const path = await nearestThatIsThere(folder);
      return { path, bytes: await io.freeBytes(path) };
    }));
    const least = Math.min(...found.map(({ bytes }) => bytes));
    const message = `${gigabytes(least)} free`;
    const details = found.map(({ path, bytes }) => `${gigabytes(bytes)} at ${path}`);
    if (least >= LEAST_FREE_BYTES) return ok("disk", message, details);
    const why = `${message}, less than ${gigabytes(LEAST_FREE_BYTES)}`;
    return { name: "disk", state: "failed", message: why, details };
  });
}

/** A folder that is yet to be made will be on the disk of the one around it. */
async function nearestThatIsThere(folder: string): Promise<string> {
  try {
    return await Deno.realPath(folder);
  } catch (error) {
    const parent = parentOf(folder);
    if (!(error instanceof Deno.errors.NotFound) || parent === folder) throw error;
    return await nearestThatIsThere(parent);
  }
}

function parentOf(path: string): string {
  const cut = path.replace(/\/+$/, "").lastIndexOf("/");
  if (cut > 0) return path.slice(0, cut);
  return cut === 0 || path === "/" ? "/" : ".";
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Whether the queue's file is one. */
export async function checkDatabase({ worker }: Config): Promise<Check> {
  const { dbPath } = worker;
  if (dbPath === ":memory:") return ok("database", "is kept in memory, and lost at the end", []);
  if (isDatabaseUrl(dbPath)) {
    return ok("database", "is on PostgreSQL, which the worker looks at when it starts", [
      redact(dbPath),
    ]);
  }
  return await guard("database", async () => {
    try {
      using file = await Deno.open(dbPath);
      const start = new Uint8Array(SQLITE_MAGIC.length);
      const length = await file.read(start) ?? 0;
      const isSqlite = length === 0 || new TextDecoder().decode(start) === SQLITE_MAGIC;
      const { size } = await file.stat();
      const details = [dbPath, `${(size / 1_000_000).toFixed(1)} MB`];
      return isSqlite
        ? ok("database", "is there", details)
        : { name: "database", state: "failed", message: `${dbPath} is no SQLite file`, details };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return ok("database", "is not there yet; the worker makes it", [dbPath]);
    }
  });
}

function ok(name: string, message: string, details: readonly string[]): Check {
  return { name, state: "ok", message, details };
}

async function guard(name: string, look: () => Promise<Check>): Promise<Check> {
  try {
    return await look();
  } catch (error) {
    return failure(name, error);
  }
}

/** What the system or the worker refuses is what was looked for; all else is a fault of this program. */
function failure(name: string, error: unknown): Check {
  if (!isExpected(error)) throw error;
  return { name, state: "failed", message: error.message, details: [] };
}

function isExpected(error: unknown): error is Error {
  if (error instanceof PixelsError) return true;
  return Object.values(Deno.errors).some((kind) => error instanceof kind);
}
