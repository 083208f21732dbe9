/** Messages about a job that has more images, or more to say of its failure, than one message holds. */

import { MAX_MESSAGE_BYTES } from "../protocol/limits.ts";
import { encodedBytes } from "../protocol/size.ts";

/** What of such a message can be long without end. */
interface LongParts {
  readonly image_paths?: readonly string[];
  readonly image_count?: number;
  readonly error?: string;
}

/** What a message may need besides what it is made of here: numbers, and the heads of maps. */
const MARGIN_BYTES = 256;

/** Bytes that an update may have, before it gets its number. */
const UPDATE_BYTES = MAX_MESSAGE_BYTES - MARGIN_BYTES;

/**
 * The message as it is if it fits; else with as many of the paths as fit, and `image_count` to tell how
 * many there are, and with no more than the beginning of the error.
 *
 * @param most Bytes that it may have. @default what an update may have
 */
export function shortened<Message extends LongParts>(
  message: Message,
  most: number = UPDATE_BYTES,
): Message {
  if (encodedBytes(message) <= most) return message;
  const { image_paths, error } = message;
  const others = { ...message, image_paths: undefined, error: undefined };
  let left = most - MARGIN_BYTES - encodedBytes(others);
  const short: LongParts = { ...message };
  if (error !== undefined) {
    const kept = cut(error, left);
    left -= encodedBytes(kept);
    Object.assign(short, { error: kept });
  }
  if (image_paths !== undefined) {
    const kept = howMany(image_paths, left);
    const image_count = message.image_count ?? image_paths.length;
    Object.assign(short, { image_paths: image_paths.slice(0, kept), image_count });
  }
  return short as Message;
}

function howMany(paths: readonly string[], most: number): number {
  let left = most;
  const first = paths.findIndex((path) => (left -= encodedBytes(path)) < 0);
  return first < 0 ? paths.length : first;
}

/** The beginning of a text; a character has no more than three bytes for each of its units. */
function cut(text: string, most: number): string {
  return encodedBytes(text) <= most
    ? text
    : `${text.slice(0, Math.max(0, Math.floor(most / 3) - 8))}…`;
}
