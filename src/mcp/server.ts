/** An MCP server on a worker; what carries its messages is the caller's. */

// @ts-types="@modelcontextprotocol/sdk/server"
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
// Deno does not find the types of these files by itself.
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  type CallToolRequest,
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type ServerNotification,
} from "@modelcontextprotocol/sdk/types.js";
import { ProtocolError } from "../errors.ts";
import { type JobDescription, PROTOCOL_VERSION } from "../protocol/mod.ts";
import type { ToolBackend } from "./backend.ts";
import { DEFAULTS, listTools } from "./tools.ts";

/** Most images of a job that are returned; `jobs` tells of the others. */
const MAX_IMAGES = 4;

/** Most bytes of an image that is returned: what an agent reads should not drown it. */
const MAX_IMAGE_BYTES = 1_048_576;

/** What the server answers with besides results. */
interface Call {
  readonly args: Record<string, unknown>;
  readonly signal: AbortSignal;
  readonly progress: (percent: number, stage: string) => void;
}

/** What a handler is given besides its request. */
interface Extra {
  readonly signal: AbortSignal;
  sendNotification(notification: ServerNotification): Promise<void>;
}

/** Makes one, for one agent. */
export function createMcpServer(backend: ToolBackend): Server {
  const server = new Server(
    { name: "dgx-pixels", version: PROTOCOL_VERSION },
    { capabilities: { tools: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listTools() }));
  server.setRequestHandler(
    CallToolRequestSchema,
    async ({ params }: CallToolRequest, extra: Extra) => {
      const token = params._meta?.progressToken;
      const told = (notification: ServerNotification) =>
        void extra.sendNotification(notification).catch(() => {
          // Whoever has gone wants no progress.
        });
      const progress = (percent: number, stage: string) => {
        if (token === undefined) return;
        const message = stage.replaceAll("_", " ");
        told({
          method: "notifications/progress",
          params: { progressToken: token, progress: percent, total: 100, message },
        });
      };
      try {
        const args = params.arguments ?? {};
        return await answer(backend, params.name, { args, signal: extra.signal, progress });
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        return { isError: true, content: [{ type: "text", text }] };
      }
    },
  );
  return server;
}

async function answer(backend: ToolBackend, name: string, call: Call): Promise<CallToolResult> {
  const { args, signal, progress } = call;
  const id = typeof args["job_id"] === "string" ? args["job_id"] : undefined;
  switch (name) {
    case "generate": {
      const drawn = typeof args["id"] === "string" ? args["id"] : crypto.randomUUID();
      const fields = { ...DEFAULTS, ...args, id: drawn };
      return await described(backend, await backend.generate({ fields, signal, progress }));
    }
    case "jobs":
      if (id !== undefined) return await described(backend, await backend.job(id));
      return told(await backend.jobs({ limit: 20, ...args }));
    case "models":
      return told(await backend.models());
    case "workflows":
      return told(await backend.workflows());
    case "cancel":
      if (id === undefined) throw new Error("Invalid parameter: job_id: it is missing");
      await backend.cancel(id);
      return told({ job_id: id, state: "cancelled" });
    default:
      throw new Error(`There is no tool ${name}`);
  }
}

/** A job in words, and the images that it has. */
async function described(backend: ToolBackend, job: JobDescription): Promise<CallToolResult> {
  const { content } = told(job);
  if (job.state === "failed" || job.state === "cancelled") return { isError: true, content };
  const count = Math.min(job.image_paths?.length ?? 0, MAX_IMAGES);
  const images: CallToolResult["content"] = [];
  for (let index = 0; index < count; index++) {
    try {
      const { data, contentType } = await backend.image(job.job_id, index, MAX_IMAGE_BYTES);
      if (!contentType.startsWith("image/")) continue;
      images.push({ type: "image", data: new Uint8Array(data).toBase64(), mimeType: contentType });
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "too_large") throw error;
      content.push({ type: "text", text: `Image ${index} is not shown: ${error.message}` });
    }
  }
  return { content: [...images, ...content] };
}

function told(value: unknown): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(value) }] };
}
