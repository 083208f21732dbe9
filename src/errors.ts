/**
 * Errors of the worker, one class for each party who must act.
 *
 * Every error has a literal `code` that never changes its meaning: it is what programs compare, and
 * what crosses a process or isolate border (a structured clone loses the class). The message is for
 * people: what happened, with which value, and what to do about it.
 *
 * @module
 */

/** Options of every error here: the standard `cause`. */
export type ErrorContext = ErrorOptions;

/** Common base, so that `instanceof` tells an expected failure from a bug. */
export abstract class PixelsError<Code extends string = string> extends Error {
  /** Stable, machine-readable reason. */
  readonly code: Code;

  /** Creates the error from its code, a sentence for people and its cause. */
  constructor(code: Code, message: string, context: ErrorContext = {}) {
    super(message, context);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Reasons of a {@linkcode ProtocolError}. */
export type ProtocolErrorCode =
  | "malformed"
  | "too_large"
  | "unknown_type"
  | "invalid_parameter";

/** Context of a {@linkcode ProtocolError}. */
export interface ProtocolErrorContext extends ErrorContext {
  /** Id of the job that the bad message concerns, when it could be read. */
  jobId?: string;
  /** The field at fault, in the wire's spelling. */
  field?: string;
}

/** A message breaks the wire contract; whoever sent it must change it. */
export class ProtocolError extends PixelsError<ProtocolErrorCode> {
  /** Id of the job that the bad message concerns, when it could be read. */
  readonly jobId: string | undefined;
  /** The field at fault, in the wire's spelling. */
  readonly field: string | undefined;

  /** Creates the error from its code, a sentence for people and its context. */
  constructor(code: ProtocolErrorCode, message: string, context: ProtocolErrorContext = {}) {
    super(code, message, context);
    this.jobId = context.jobId;
    this.field = context.field;
  }
}

/** Reasons of a {@linkcode TransportError}. */
export type TransportErrorCode =
  | "address_in_use"
  | "address_invalid"
  | "closed"
  | "key_invalid"
  | "send_failed"
  | "timeout"
  | "unauthorized"
  | "unsupported";

/** A socket cannot be opened, or the peer is silent; whoever runs the processes must act. */
export class TransportError extends PixelsError<TransportErrorCode> {}

/** Reasons of a {@linkcode ComfyError}. */
export type ComfyErrorCode =
  /** No connection, or it broke before an answer came. */
  | "unreachable"
  /** No answer within the time allowed. */
  | "timeout"
  /** An HTTP status that says the server failed (5xx) or does not know the route. */
  | "http_status"
  /** An answer that is not what ComfyUI sends. */
  | "bad_answer"
  /** ComfyUI refused the prompt: the graph or a value in it is wrong. */
  | "rejected"
  /** A node threw while the prompt ran. */
  | "execution"
  /** A node ran out of memory. */
  | "out_of_memory"
  /** The prompt was interrupted by somebody, or removed from the queue. */
  | "interrupted"
  /** ComfyUI no longer knows the prompt: it restarted, or its memory was cleared. */
  | "lost"
  /** ComfyUI claims to run the prompt but gives no sign of life. */
  | "stalled"
  /** An output file could not be fetched or written. */
  | "output";

/** Context of a {@linkcode ComfyError}. */
export interface ComfyErrorContext extends ErrorContext {
  /** HTTP status of the answer, when there was one. */
  status?: number;
  /** Id of the graph node at fault. */
  nodeId?: string;
}

/** A ComfyUI server cannot do what was asked; `code` tells whether it, its graph or its network is at fault. */
export class ComfyError extends PixelsError<ComfyErrorCode> {
  /** HTTP status of the answer, when there was one. */
  readonly status: number | undefined;
  /** Id of the graph node at fault. */
  readonly nodeId: string | undefined;

  /** Creates the error from its code, a sentence for people and its context. */
  constructor(code: ComfyErrorCode, message: string, context: ComfyErrorContext = {}) {
    super(code, message, context);
    this.status = context.status;
    this.nodeId = context.nodeId;
  }
}

/** Reasons of an {@linkcode ImageError}. */
export type ImageErrorCode =
  /** The file is no PNG, or breaks the rules of the format. */
  | "damaged"
  /** The image has more pixels than are handled. */
  | "too_large";

/** An image cannot be read or made; whoever delivered it must act. */
export class ImageError extends PixelsError<ImageErrorCode> {}

/** Reasons of a {@linkcode JobError}. */
export type JobErrorCode =
  /** The request asks for what no workflow or model here can do. */
  | "invalid_parameter"
  /** No server has the model. */
  | "model_not_found"
  /** The queue holds as many jobs as it may. */
  | "queue_full"
  /** The id is taken by a job with other parameters. */
  | "id_conflict"
  /** Somebody asked that it be given up. */
  | "cancelled"
  /** No such job, or it has already ended. */
  | "not_found"
  /** How it ended can no longer be learnt: its last update was missed, and the worker cannot tell. */
  | "lost"
  /** The isolate that ran the job died, hung or flooded its host. */
  | "sandbox"
  /** The same, of an isolate that ran jobs of other servers too, any of which may be the cause. */
  | "shared_sandbox"
  /** The worker cannot write images: its disk is full, say, or the folder is gone. */
  | "storage"
  /** ComfyUI failed the job. */
  | "backend"
  /** The worker is stopping or its storage failed. */
  | "unavailable";

/** Context of a {@linkcode JobError}. */
export interface JobErrorContext extends ErrorContext {
  /** True if waiting alone may help. @default {false} */
  isPassing?: boolean;
}

/** A job cannot be taken or finished; whoever asked for it, or runs the worker, must act. */
export class JobError extends PixelsError<JobErrorCode> {
  /** True if waiting alone may help: what keeps the queue is somebody else's, and over soon as a rule. */
  readonly isPassing: boolean;

  /** Creates the error from its code, a sentence for people and its context. */
  constructor(code: JobErrorCode, message: string, context: JobErrorContext = {}) {
    super(code, message, context);
    this.isPassing = context.isPassing ?? false;
  }
}

/** Reasons of a {@linkcode ConfigError}. */
export type ConfigErrorCode =
  | "invalid_value"
  | "unreadable"
  | "unwritable"
  | "in_use"
  | "invalid_workflow"
  | "usage";

/** A setting, file or directory is wrong; whoever operates the worker must change it. */
export class ConfigError extends PixelsError<ConfigErrorCode> {}

/** What somebody threw, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
