/**
 * The messages of the wire protocol as types; a test holds them equal to the schemas.
 *
 * @module
 */

/** Version that `status_info` reports. */
export const PROTOCOL_VERSION = "1.0.0";

export type {
  JobState,
  LoraChoice,
  PixelOptions,
  PixelResult,
  Stage,
  Webhook,
} from "./messages/parts.ts";
export type {
  CancelRequest,
  DrainServerRequest,
  DrainWorkerRequest,
  GenerateRequest,
  ImageRequest,
  JobRequest,
  ListJobsRequest,
  ListModelsRequest,
  ListServersRequest,
  ListWorkersRequest,
  ListWorkflowsRequest,
  PingRequest,
  Request,
  StatusRequest,
} from "./messages/requests.ts";
export type {
  JobComplete,
  JobError,
  JobFinished,
  JobStarted,
  Preview,
  Progress,
  Update,
} from "./messages/updates.ts";
export type {
  ErrorReply,
  ImageData,
  JobAccepted,
  JobCancelled,
  JobDescription,
  JobInfo,
  JobList,
  ModelInfo,
  ModelList,
  Pong,
  Reply,
  ServerElsewhere,
  ServerInfo,
  ServerList,
  StatusInfo,
  WorkerInfo,
  WorkerList,
  WorkflowInfo,
  WorkflowList,
} from "./messages/replies.ts";
