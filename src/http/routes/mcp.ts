/** `/mcp`: the tools of agents, as streamable HTTP without sessions. */

// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import type { WebStandardStreamableHTTPServerTransport as Transport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { Hono } from "hono";
import { ProtocolError } from "../../errors.ts";
import type { GenerateCall, ToolBackend } from "../../mcp/mod.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import { type GuardEnv, needs } from "../auth/guard.ts";
import { readJson } from "../body.ts";
import type { HttpContext } from "../options.ts";
import { ask, checked } from "./ask.ts";
import { isEnded, type JobFacts, jobInfo } from "./jobs.ts";
import { allModels } from "./lists.ts";

/** The route; GET, which would open a stream that nothing is ever sent on, is not allowed. */
export function mcpRoutes(context: HttpContext): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  const backend = backendOf(context);
  app.post("/", needs("submit"), async (c) => {
    const parsedBody = await readJson(c.req.raw);
    // Loaded when an agent comes: few workers have one, and it is large.
    const { createMcpServer } = await import("../../mcp/mod.ts");
    const sdk = await import("@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js");
    // Without sessions a transport and its server are for one request.
    const server = createMcpServer(backend);
    const transport: Transport = new sdk.WebStandardStreamableHTTPServerTransport();
    await server.connect(transport);
    return await transport.handleRequest(c.req.raw, { parsedBody });
  });
  app.all("/", (c) => c.body(null, 405, { allow: "POST" }));
  return app;
}

function backendOf(context: HttpContext): ToolBackend {
  return {
    generate: (call) => generate(context, call),
    job: (id) => jobInfo(context, id),
    async jobs(query) {
      const { type: _type, ...list } = await ask(
        context,
        checked({ ...query, type: "list_jobs" }),
        "job_list",
      );
      return list;
    },
    models: () => allModels(context, {}),
    workflows: async () => {
      return (await ask(context, { type: "list_workflows" }, "workflow_list")).workflows;
    },
    async cancel(id) {
      await ask(context, checked({ type: "cancel", job_id: id }), "job_cancelled");
    },
    async image(id, index, maxBytes) {
      const pieces: Uint8Array[] = [];
      let offset = 0;
      while (true) {
        const request = checked({ type: "image", job_id: id, index, offset });
        const piece = await ask(context, request, "image_data");
        if (Math.max(piece.size_bytes, offset + piece.data.length) > maxBytes) {
          const detail = `The image has ${piece.size_bytes} bytes, more than ${maxBytes}`;
          throw new ProtocolError("too_large", detail);
        }
        pieces.push(piece.data);
        offset += piece.data.length;
        if (offset >= piece.size_bytes || piece.data.length === 0) {
          const data = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
          return { data, contentType: piece.content_type };
        }
      }
    },
  };
}

async function generate(
  context: HttpContext,
  { fields, progress, signal }: GenerateCall,
): Promise<JobFacts> {
  const request = checked({ ...fields, type: "generate" }) as GenerateRequest;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  // Listening begins first: a quick job must not end unheard.
  using _listening = context.feed.listen(({ update }) => {
    if (update.job_id !== request.id) return;
    if (update.type === "progress") progress(update.percent, update.stage);
    if (update.type === "job_finished") resolve();
  });
  signal.addEventListener("abort", () => resolve(), { once: true });
  await ask(context, request, "job_accepted");
  // An id that was known already names a job that may have ended long ago.
  if (!isEnded(await jobInfo(context, request.id))) await over;
  signal.throwIfAborted();
  return await jobInfo(context, request.id);
}
