/** Compiles as long as each message's type is exactly what its schema takes: `deno check` is the test. */

import type * as messages from "../../src/protocol/messages.ts";
import type * as schemas from "../../src/protocol/schemas.ts";

type Schemas = typeof schemas;

/** The type of the message, or part of one, that each schema takes. */
interface Types {
  cancel: messages.CancelRequest;
  drainServer: messages.DrainServerRequest;
  drainWorker: messages.DrainWorkerRequest;
  errorReply: messages.ErrorReply;
  generate: messages.GenerateRequest;
  image: messages.ImageRequest;
  imageData: messages.ImageData;
  job: messages.JobRequest;
  jobAccepted: messages.JobAccepted;
  jobCancelled: messages.JobCancelled;
  jobComplete: messages.JobComplete;
  jobDescription: messages.JobDescription;
  jobError: messages.JobError;
  jobFinished: messages.JobFinished;
  jobInfo: messages.JobInfo;
  jobList: messages.JobList;
  jobStarted: messages.JobStarted;
  jobState: messages.JobState;
  listJobs: messages.ListJobsRequest;
  listModels: messages.ListModelsRequest;
  listServers: messages.ListServersRequest;
  listWorkers: messages.ListWorkersRequest;
  listWorkflows: messages.ListWorkflowsRequest;
  loraChoice: messages.LoraChoice;
  modelInfo: messages.ModelInfo;
  modelList: messages.ModelList;
  ping: messages.PingRequest;
  pixelOptions: messages.PixelOptions;
  pixelResult: messages.PixelResult;
  pong: messages.Pong;
  preview: messages.Preview;
  progress: messages.Progress;
  reply: messages.Reply;
  request: messages.Request;
  serverElsewhere: messages.ServerElsewhere;
  serverInfo: messages.ServerInfo;
  serverList: messages.ServerList;
  stage: messages.Stage;
  status: messages.StatusRequest;
  statusInfo: messages.StatusInfo;
  update: messages.Update;
  webhook: messages.Webhook;
  workerInfo: messages.WorkerInfo;
  workerList: messages.WorkerList;
  workflowInfo: messages.WorkflowInfo;
  workflowList: messages.WorkflowList;
}

/** One object type in the place of what it extends, all the way down. */
type Flat<T> = T extends Uint8Array | string | number | boolean ? T
  : { [Key in keyof T]: Flat<T[Key]> };

/** True for types that are the same in every field, and whether it may be absent. */
type Same<A, B> = (<T>() => T extends Flat<A> ? 1 : 2) extends (<T>() => T extends Flat<B> ? 1 : 2)
  ? true
  : false;

type Differing = {
  [Name in keyof Schemas]: Name extends keyof Types
    ? Same<Types[Name], Schemas[Name]["_zod"]["output"]> extends true ? never : Name
    : Name;
}[keyof Schemas];

/** The compiler names the schemas that differ, or are missing above. */
export const DIFFERING: Record<Differing, never> = {};
