/**
 * The messages as JSON Schema, for programs and for people who write clients in other languages.
 */

import { z } from "zod";
import * as schemas from "./schemas.ts";

/** A JSON Schema (2020-12), as far as messages need one. */
export interface JsonSchema {
  /** Dialect; only on the document. */
  $schema?: string;
  /** Reference to a definition of the document. */
  $ref?: string;
  /** Definitions by name; only on the document. */
  $defs?: Record<string, JsonSchema>;
  /** Short name for people. */
  title?: string;
  /** Explanation for people. */
  description?: string;
  /** JSON type of the value. */
  type?: string;
  /** The only value allowed. */
  const?: unknown;
  /** The values allowed. */
  enum?: unknown[];
  /** Alternatives of which at least one fits. */
  anyOf?: JsonSchema[];
  /** Alternatives of which exactly one fits. */
  oneOf?: JsonSchema[];
  /** What must not fit. */
  not?: JsonSchema;
  /** Fields of a map. */
  properties?: Record<string, JsonSchema>;
  /** Fields that must be there. */
  required?: string[];
  /** Items of an array; false when `prefixItems` are all. */
  items?: JsonSchema | false;
  /** First items of an array, in order. */
  prefixItems?: JsonSchema[];
  /** Fewest items. */
  minItems?: number;
  /** Most items. */
  maxItems?: number;
  /** Fewest characters (Unicode code points). */
  minLength?: number;
  /** Most characters (Unicode code points). */
  maxLength?: number;
  /** Regular expression that a text matches; `description` says it in words. */
  pattern?: string;
  /** How bytes are written where a message is shown as JSON. */
  contentEncoding?: string;
  /** Least number. */
  minimum?: number;
  /** Greatest number. */
  maximum?: number;
  /** Number that must be exceeded. */
  exclusiveMinimum?: number;
}

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Every schema that has a name, by that name. */
const named = {
  GenerateRequest: schemas.generate,
  CancelRequest: schemas.cancel,
  ListModelsRequest: schemas.listModels,
  StatusRequest: schemas.status,
  PingRequest: schemas.ping,
  JobRequest: schemas.job,
  ListJobsRequest: schemas.listJobs,
  ListServersRequest: schemas.listServers,
  ImageRequest: schemas.image,
  DrainServerRequest: schemas.drainServer,
  ListWorkflowsRequest: schemas.listWorkflows,
  ListWorkersRequest: schemas.listWorkers,
  DrainWorkerRequest: schemas.drainWorker,
  JobAccepted: schemas.jobAccepted,
  JobComplete: schemas.jobComplete,
  JobError: schemas.jobError,
  JobCancelled: schemas.jobCancelled,
  ModelList: schemas.modelList,
  StatusInfo: schemas.statusInfo,
  Pong: schemas.pong,
  ErrorReply: schemas.errorReply,
  JobInfo: schemas.jobInfo,
  JobList: schemas.jobList,
  ServerList: schemas.serverList,
  WorkflowInfo: schemas.workflowInfo,
  WorkflowList: schemas.workflowList,
  ImageData: schemas.imageData,
  WorkerList: schemas.workerList,
  JobStarted: schemas.jobStarted,
  Progress: schemas.progress,
  Preview: schemas.preview,
  JobFinished: schemas.jobFinished,
  JobDescription: schemas.jobDescription,
  ModelInfo: schemas.modelInfo,
  ServerInfo: schemas.serverInfo,
  ServerElsewhere: schemas.serverElsewhere,
  WorkerInfo: schemas.workerInfo,
  LoraChoice: schemas.loraChoice,
  PixelOptions: schemas.pixelOptions,
  PixelResult: schemas.pixelResult,
  Webhook: schemas.webhook,
  Request: schemas.request,
  Reply: schemas.reply,
  Update: schemas.update,
};

/**
 * The whole protocol as one JSON Schema 2020-12 document: `$defs` has `Request`, `Reply` and
 * `Update` and every message by the name of its type here.
 *
 * Unknown fields are allowed, since they are ignored. The document describes what to send; that a
 * null is taken for an absent optional field, and that integers must be MessagePack integers, it
 * cannot say.
 *
 * @example List the messages
 * ```ts
 * import assert from "node:assert/strict";
 * import { messagesJsonSchema } from "./mod.ts";
 *
 * const { $defs } = messagesJsonSchema();
 * assert.deepEqual($defs?.CancelRequest?.required, ["type", "job_id"]);
 * ```
 */
export function messagesJsonSchema(): JsonSchema {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const generated = z.toJSONSchema(registry, {
    target: "draft-2020-12",
    io: "input", // as output, zod would forbid the unknown fields that it drops
    unrepresentable: "any",
    uri: (id) => `#/$defs/${id}`,
  });
  const $defs: Record<string, JsonSchema> = {};
  for (const [id, schema] of Object.entries(generated.schemas)) {
    const { $id: _id, $schema: _schema, ...definition } = schema;
    $defs[id] = definition as JsonSchema;
  }
  return {
    $schema: DIALECT,
    title: "Wire protocol 1.0",
    description: "Messages of the worker; on the wire they are MessagePack maps.",
    anyOf: ["Request", "Reply", "Update"].map((id) => ({ $ref: `#/$defs/${id}` })),
    $defs,
  };
}
