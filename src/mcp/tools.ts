/** The tools as agents are told of them; their arguments are the wire protocol's fields. */

import { GENERATE_DEFAULTS } from "../protocol/defaults.ts";
import { type JsonSchema, messagesJsonSchema } from "../protocol/mod.ts";

/** A tool as it is listed. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema & { readonly type: "object" };
  readonly annotations: { readonly readOnlyHint: boolean; readonly destructiveHint: boolean };
}

/** Fields that an agent need not choose. */
export const DEFAULTS: Readonly<Record<string, unknown>> = GENERATE_DEFAULTS;

/** All tools. */
export function listTools(): Tool[] {
  return [
    tool(
      "generate",
      "Generates pixel art and returns the images once they are finished, which may take minutes; " +
        "ask models for names first. After a time-out the job goes on: see jobs.",
      generateSchema(),
      { readOnlyHint: false, destructiveHint: false },
    ),
    tool("jobs", "One job, with its images (job_id), or a page of jobs, newest first.", {
      job_id: { type: "string", description: "Id of one job" },
      state: { type: "string", enum: ["queued", "running", "completed", "failed", "cancelled"] },
      limit: { type: "integer", minimum: 1, maximum: 100 },
      cursor: { type: "string", description: "From the page before" },
    }),
    tool("models", "Checkpoints, LoRAs and VAEs that generate can name.", {}),
    tool("workflows", "Workflows that generate can name; without one the fields decide.", {}),
    tool("cancel", "Cancels a job, waiting or running.", {
      type: "object",
      properties: { job_id: { type: "string" } },
      required: ["job_id"],
    }, { readOnlyHint: false, destructiveHint: true }),
  ];
}

function tool(
  name: string,
  description: string,
  schema: JsonSchema | Record<string, JsonSchema>,
  annotations = { readOnlyHint: true, destructiveHint: false },
): Tool {
  const isWhole = schema.type === "object";
  const inputSchema = isWhole
    ? schema as Tool["inputSchema"]
    : { type: "object" as const, properties: schema as Record<string, JsonSchema> };
  return { name, description, inputSchema, annotations };
}

/** The fields of a `generate`, without references, which not every agent follows. */
function generateSchema(): JsonSchema {
  const { $defs: defs = {} } = messagesJsonSchema();
  const { GenerateRequest: generate } = defs;
  const { type: _type, ...properties } = generate?.properties ?? {};
  const resolved = Object.entries(properties).map(([name, schema]) => [
    name,
    { ...inlined(schema, defs), ...(name in DEFAULTS ? { default: DEFAULTS[name] } : {}) },
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(resolved),
    required: ["prompt", "model"],
  };
}

function inlined(schema: JsonSchema, defs: Record<string, JsonSchema>): JsonSchema {
  const text = JSON.stringify(schema, (_, value) => {
    const name = typeof value?.$ref === "string" ? value.$ref.split("/").at(-1) : undefined;
    return name === undefined ? value : defs[name];
  });
  return JSON.parse(text);
}
