/** `mcp`: the tools of agents, over standard input and output. */

// @ts-types="@modelcontextprotocol/sdk/server/stdio"
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import process from "node:process";
import type { Client, GenerateParams, JobQuery } from "../../client/mod.ts";
import { createMcpServer, type GenerateCall, type ToolBackend } from "../../mcp/mod.ts";
import type { JobInfo } from "../../protocol/mod.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Runs the command until its agent has closed standard input; resolves with its exit code. */
export async function runMcp(options: ConnectionOptions, io: Io): Promise<number> {
  await using client = await openClient(options, io);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  using _signals = io.onStopSignal(() => end());
  const server = createMcpServer(backendOf(client));
  process.stdin.once("end", () => end());
  await server.connect(new StdioServerTransport());
  await ended;
  await server.close();
  return EXIT.ok;
}

function backendOf(client: Client): ToolBackend {
  return {
    generate: (call) => generate(client, call),
    job: (id) => client.job(id),
    jobs: (query) => client.jobs(query as JobQuery),
    models: () => client.models(),
    workflows: () => client.workflows(),
    cancel: (id) => client.cancel(id),
    image: (id, index, maxBytes) => client.image(id, index, { maxBytes }),
  };
}

async function generate(
  client: Client,
  { fields, progress, signal }: GenerateCall,
): Promise<JobInfo> {
  // The worker checks the fields, and tells in words what is wrong with them.
  const job = client.generate(fields as unknown as GenerateParams, { signal });
  // `result` tells what went wrong, and the job's state does so once it was accepted.
  const settled = job.result.then(() => {}, () => {});
  await job.accepted;
  for await (const update of job.updates()) {
    if (update.type === "progress") progress(update.percent, update.stage);
  }
  await settled;
  signal.throwIfAborted();
  return await client.job(job.id);
}
