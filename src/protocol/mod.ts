/**
 * The wire protocol: messages as types, and their form as bytes. Pure values, no I/O. `schemas.ts` is the
 * one source of every message: JSON Schema and validation are derived from it, and types held equal to it.
 *
 * Importing this file loads zod and the schemas, which takes 27 ms and 10 MB. What a worker needs before its
 * first request (`encode.ts`, `stored.ts`, `limits.ts`, `names.ts`, `compression.ts`) is imported by its file.
 *
 * @example A request from bytes to bytes
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeRequest, encodeReply, encodeRequest } from "./mod.ts";
 *
 * const request = decodeRequest(encodeRequest({ type: "cancel", job_id: "job-1" }));
 * assert(request.type === "cancel");
 * const reply = encodeReply({ type: "job_cancelled", job_id: request.job_id });
 * assert(reply.length < 100);
 * ```
 *
 * @module
 */

export { decodeReply, decodeRequest, decodeUpdate, requestOf } from "./codec.ts";
export {
  canCompress,
  compress,
  COMPRESSION_METHODS,
  type CompressionMethod,
  compressionOf,
} from "./compression.ts";
export { encodeReply, encodeRequest, encodeUpdate } from "./encode.ts";
export { type JsonSchema, messagesJsonSchema } from "./json_schema.ts";
export { ENDINGS, MAX_JOB_IDS, MAX_MESSAGE_BYTES, MAX_PROMPT_CHARS, MAX_SEED } from "./limits.ts";
export { matchModelName, modelNameKey, type NameMatch, nearestNames } from "./names.ts";
export { PROTOCOL_VERSION } from "./messages.ts";
export type {
  CancelRequest,
  DrainServerRequest,
  DrainWorkerRequest,
  ErrorReply,
  GenerateRequest,
  ImageData,
  ImageRequest,
  JobAccepted,
  JobCancelled,
  JobComplete,
  JobDescription,
  JobError,
  JobFinished,
  JobInfo,
  JobList,
  JobRequest,
  JobStarted,
  JobState,
  ListJobsRequest,
  ListModelsRequest,
  ListServersRequest,
  ListWorkersRequest,
  ListWorkflowsRequest,
  LoraChoice,
  ModelInfo,
  ModelList,
  PingRequest,
  PixelOptions,
  PixelResult,
  Pong,
  Preview,
  Progress,
  Reply,
  Request,
  ServerElsewhere,
  ServerInfo,
  ServerList,
  Stage,
  StatusInfo,
  StatusRequest,
  Update,
  Webhook,
  WorkerInfo,
  WorkerList,
  WorkflowInfo,
  WorkflowList,
} from "./messages.ts";
