/**
 * Prompts as jobs, the view that newer versions offer.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from "../json.ts";
import { PythonError, typeName } from "../python.ts";
import type { HistoryEntry, QueueItem } from "./queue.ts";

/** States of a job. */
export const JOB_STATES = ["pending", "in_progress", "completed", "failed", "cancelled"] as const;

/** State of a job. */
export type JobState = typeof JOB_STATES[number];

/** A job. Members that are `undefined` are left out of answers. */
export interface Job {
  /** The prompt's id. */
  readonly id: string;
  /** Its state. */
  readonly status: JobState;
  /** The queue's sort key. */
  readonly priority: number;
  /** Unix milliseconds of its arrival. */
  readonly create_time: Json | undefined;
  /** Unix milliseconds of its start. */
  readonly execution_start_time: Json | undefined;
  /** Unix milliseconds of its end. */
  readonly execution_end_time: Json | undefined;
  /** Data of the `execution_error`. */
  readonly execution_error: JsonObject | undefined;
  /** Number of output files. */
  readonly outputs_count: number;
  /** How many of them can be shown; `undefined` for versions that do not tell. */
  readonly previewable_outputs_count?: number;
  /** The output to show first. */
  readonly preview_output: JsonObject | undefined;
  /** Id of the workflow in the browser. */
  readonly workflow_id: Json | undefined;
}

/** A job that waits or runs. */
export function queuedJob(item: QueueItem, status: "pending" | "in_progress"): Job {
  return {
    id: item.promptId,
    status,
    priority: item.number,
    create_time: item.extraData.create_time,
    execution_start_time: undefined,
    execution_end_time: undefined,
    execution_error: undefined,
    outputs_count: 0,
    preview_output: undefined,
    workflow_id: workflowId(item.extraData),
  };
}

/** A job that has ended. */
export function finishedJob(entry: HistoryEntry): Job {
  const [priority, id, , extraData] = entry.prompt;
  const { messages } = entry.status;
  const find = (name: string) => messages.find(([event]) => event === name)?.[1];
  const error = find("execution_error");
  const interrupted = find("execution_interrupted");
  const end = error ?? interrupted ?? find("execution_success");
  const files = outputFiles(entry);
  return {
    id,
    status: interrupted ? "cancelled" : entry.status.completed ? "completed" : "failed",
    priority,
    create_time: extraData.create_time,
    execution_start_time: find("execution_start")?.timestamp,
    execution_end_time: end?.timestamp,
    execution_error: error,
    outputs_count: files.length,
    preview_output: files.find((file) => file.type === "output") ?? files[0],
    workflow_id: workflowId(extraData),
  };
}

/** A job as newer versions tell it: every kind of file that is saved here can be shown. */
export function withPreviewable(job: Job): Job {
  const { preview_output, workflow_id, ...rest } = job;
  return { ...rest, previewable_outputs_count: job.outputs_count, preview_output, workflow_id };
}

/** A job with all that its history entry tells. */
export function withDetails(job: Job, entry: HistoryEntry): JsonObject {
  const [, , prompt, extraData] = entry.prompt;
  const details = {
    outputs: entry.outputs,
    execution_status: entry.status,
    workflow: { prompt, extra_data: extraData },
  };
  return { ...job, ...details } as unknown as JsonObject;
}

function outputFiles({ outputs }: HistoryEntry): JsonObject[] {
  return [...outputs].flatMap(([nodeId, kinds]) =>
    Object.entries(kinds).flatMap(([mediaType, items]) =>
      (Array.isArray(items) ? items : [])
        .filter(isObject)
        .map((item) => ({ ...item, nodeId, mediaType }))
    )
  );
}

/** The real code asks for members without looking, so a malformed `extra_pnginfo` breaks the whole list. */
function workflowId(extraData: JsonObject): Json | undefined {
  const { extra_pnginfo: info = {} } = extraData;
  const workflow = membersOf(info).workflow ?? {};
  return membersOf(workflow).id ?? undefined;
}

function membersOf(value: Json): JsonObject {
  if (isObject(value)) return value;
  throw new PythonError("AttributeError", `'${typeName(value)}' object has no attribute 'get'`);
}
