/** Room in a message, so that an answer ends before it is too long to be sent. */

import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import { encodedBytes } from "../../protocol/size.ts";

/** Longest heads of the arrays that are filled, and of the map around them. */
const HEADS_BYTES = 16;

/** What is left of a message. */
export interface Room {
  /** Bytes left. */
  readonly bytes: number;
  /** Bytes that a value alone would have. */
  readonly most: number;
  /** Takes room for a value; false, and takes none, if there is not enough. */
  take(value: unknown): boolean;
}

/** The room that a message leaves beside some fields, which are taken as they will be at most. */
export function roomBeside(fields: Record<string, unknown>): Room {
  const most = MAX_MESSAGE_BYTES - HEADS_BYTES - encodedBytes(fields);
  let bytes = most;
  return {
    most,
    get bytes() {
      return bytes;
    },
    take(value) {
      const needed = encodedBytes(value);
      if (needed > bytes) return false;
      bytes -= needed;
      return true;
    },
  };
}
