/** The worker's sentences as errors, by who must act. */

import { ComfyError, JobError, type PixelsError, ProtocolError } from "../errors.ts";

/** What the sentences of `job_error` and `error` begin with, and what that means. */
const KINDS: readonly (readonly [beginning: string, make: (sentence: string) => PixelsError])[] = [
  ["Job not found", (sentence) => new JobError("not_found", sentence)],
  ["Image not found", (sentence) => new JobError("not_found", sentence)],
  ["Model not found", (sentence) => new JobError("model_not_found", sentence)],
  ["Queue full", (sentence) => new JobError("queue_full", sentence)],
  ["Backend busy", (sentence) => new JobError("unavailable", sentence)],
  ["Communication error", (sentence) => new ComfyError("unreachable", sentence)],
  ["Invalid parameter: id: it belongs", (sentence) => new JobError("id_conflict", sentence)],
  ["Invalid parameter", (sentence) => new JobError("invalid_parameter", sentence)],
  ["Unknown request type", (sentence) => new ProtocolError("unknown_type", sentence)],
  ["Message too large", (sentence) => new ProtocolError("too_large", sentence)],
  ["Malformed", (sentence) => new ProtocolError("malformed", sentence)],
];

/** The error for the sentence with which a request about a job was refused. */
export function jobRefusal(sentence: string): PixelsError {
  return refusal(sentence) ?? new JobError("unavailable", sentence);
}

/** The error for the sentence with which any other request was refused. */
export function requestRefusal(sentence: string): PixelsError {
  return refusal(sentence) ?? new ProtocolError("malformed", sentence);
}

function refusal(sentence: string): PixelsError | undefined {
  return KINDS.find(([beginning]) => sentence.startsWith(beginning))?.[1](sentence);
}
