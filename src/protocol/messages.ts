/**
 * The messages of the wire protocol as types, derived from the schemas.
 *
 * @module
 */

import type * as schemas from "./schemas.ts";

/** Version that `status_info` reports. */
export const PROTOCOL_VERSION = "1.0.0";

/** Asks for an image. */
export type GenerateRequest = (typeof schemas)["generate"]["_zod"]["output"];

/** Where the ending of a job is told over HTTP. */
export type Webhook = (typeof schemas)["webhook"]["_zod"]["output"];

/** Asks that a job be given up, queued or running. */
export type CancelRequest = (typeof schemas)["cancel"]["_zod"]["output"];

/** Asks which models can be named in a `generate`. */
export type ListModelsRequest = (typeof schemas)["listModels"]["_zod"]["output"];

/** Asks for the state of the worker as a whole. */
export type StatusRequest = (typeof schemas)["status"]["_zod"]["output"];

/** Asks whether the worker answers. */
export type PingRequest = (typeof schemas)["ping"]["_zod"]["output"];

/** Asks for all that is known of one job. */
export type JobRequest = (typeof schemas)["job"]["_zod"]["output"];

/** Asks for the jobs of a state, newest first, a page at a time. */
export type ListJobsRequest = (typeof schemas)["listJobs"]["_zod"]["output"];

/** Asks for the ComfyUI servers and their health. */
export type ListServersRequest = (typeof schemas)["listServers"]["_zod"]["output"];

/** Asks for the bytes of an image, or the rest of them. */
export type ImageRequest = (typeof schemas)["image"]["_zod"]["output"];

/** Asks that a server get no more jobs, or that it get some again. */
export type DrainServerRequest = (typeof schemas)["drainServer"]["_zod"]["output"];

/** Asks for the names of workflows. */
export type ListWorkflowsRequest = (typeof schemas)["listWorkflows"]["_zod"]["output"];

/** Whatever a client may send. */
export type Request = (typeof schemas)["request"]["_zod"]["output"];

/** The job is stored and will reach exactly one ending. */
export type JobAccepted = (typeof schemas)["jobAccepted"]["_zod"]["output"];

/** The job's images lie on disk; a reply and an update. */
export type JobComplete = (typeof schemas)["jobComplete"]["_zod"]["output"];

/** A job was refused or has failed; a reply and an update. */
export type JobError = (typeof schemas)["jobError"]["_zod"]["output"];

/** The job will not complete. */
export type JobCancelled = (typeof schemas)["jobCancelled"]["_zod"]["output"];

/** One model file. */
export type ModelInfo = (typeof schemas)["modelInfo"]["_zod"]["output"];

/** The models, sorted by name without regard to case. */
export type ModelList = (typeof schemas)["modelList"]["_zod"]["output"];

/** State of the worker as a whole. */
export type StatusInfo = (typeof schemas)["statusInfo"]["_zod"]["output"];

/** The answer to `ping`. */
export type Pong = (typeof schemas)["pong"]["_zod"]["output"];

/** The answer to what is no valid request. */
export type ErrorReply = (typeof schemas)["errorReply"]["_zod"]["output"];

/** All that is known of one job. */
export type JobInfo = (typeof schemas)["jobInfo"]["_zod"]["output"];

/** A page of jobs. */
export type JobList = (typeof schemas)["jobList"]["_zod"]["output"];

/** One ComfyUI server and its health. */
export type ServerInfo = (typeof schemas)["serverInfo"]["_zod"]["output"];

/** A ComfyUI server of another worker on the same queue. */
export type ServerElsewhere = (typeof schemas)["serverElsewhere"]["_zod"]["output"];

/** The ComfyUI servers. */
export type ServerList = (typeof schemas)["serverList"]["_zod"]["output"];

/** A workflow. */
export type WorkflowInfo = (typeof schemas)["workflowInfo"]["_zod"]["output"];

/** The workflows that a request can name. */
export type WorkflowList = (typeof schemas)["workflowList"]["_zod"]["output"];

/** Bytes of an image, as many as go into one message. */
export type ImageData = (typeof schemas)["imageData"]["_zod"]["output"];

/** Whatever the worker may answer. */
export type Reply = (typeof schemas)["reply"]["_zod"]["output"];

/** Execution of a job begins; sent once. */
export type JobStarted = (typeof schemas)["jobStarted"]["_zod"]["output"];

/** How far a job is. `percent` never falls. */
export type Progress = (typeof schemas)["progress"]["_zod"]["output"];

/** An image of the unfinished image; the file is complete when this is sent. */
export type Preview = (typeof schemas)["preview"]["_zod"]["output"];

/** A job has ended; goes before `job_complete` or `job_error`. */
export type JobFinished = (typeof schemas)["jobFinished"]["_zod"]["output"];

/** Whatever the worker may publish. */
export type Update = (typeof schemas)["update"]["_zod"]["output"];

/** What `job_info` and `job_list` tell of a job. Times are Unix seconds. */
export type JobDescription = (typeof schemas)["jobDescription"]["_zod"]["output"];

/** State of a job. */
export type JobState = (typeof schemas)["jobState"]["_zod"]["output"];

/** A LoRA with the strengths to apply it at. */
export type LoraChoice = (typeof schemas)["loraChoice"]["_zod"]["output"];

/** How the images of a job are made pixel art. */
export type PixelOptions = (typeof schemas)["pixelOptions"]["_zod"]["output"];

/** What was found in an image that was made pixel art. */
export type PixelResult = (typeof schemas)["pixelResult"]["_zod"]["output"];

/** What a running job is doing. */
export type Stage = (typeof schemas)["stage"]["_zod"]["output"];
