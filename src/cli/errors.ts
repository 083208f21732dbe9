/** What a failed command says, and its exit code. */

import { ConfigError, PixelsError, ProtocolError, TransportError } from "../errors.ts";

/** Exit codes of every command. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** The job or request failed. */
  failed: 1,
  /** The command line, the configuration or a file that it names is wrong. */
  usage: 2,
  /** A socket cannot be opened, or nobody answers. */
  unreachable: 3,
  /** A fault of this program. */
  internal: 70,
  /** Ctrl-C, or SIGTERM, ended it: what a shell says of a program that SIGINT ended. */
  interrupted: 130,
} as const;

/** The sentence and the exit code for an error. Expected errors show no stack. */
export function explainError(error: unknown): { message: string; code: number } {
  if (error instanceof ConfigError) return { message: error.message, code: EXIT.usage };
  if (error instanceof TransportError) return { message: error.message, code: EXIT.unreachable };
  if (isUnknownRequest(error)) {
    const message = `${error.message}; the worker is older than this program, update it`;
    return { message, code: EXIT.failed };
  }
  if (error instanceof PixelsError) return { message: error.message, code: EXIT.failed };
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  return {
    message: `This is a bug; please report it with the following\n${detail}`,
    code: EXIT.internal,
  };
}

/** Whether an error says that the worker does not know a request; those of earlier versions know fewer. */
export function isUnknownRequest(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && error.message.startsWith("Unknown request type: ");
}
