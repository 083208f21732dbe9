/** How much of a request is told to those who ask about its job. */

import { MAX_TOLD_PROMPT_CHARS } from "./limits.ts";

/** A prompt, or its beginning with an ellipsis. No character is cut in two. */
export function toldPrompt(prompt: string): string {
  if (prompt.length <= MAX_TOLD_PROMPT_CHARS) return prompt;
  const chars = Array.from(prompt.slice(0, 2 * MAX_TOLD_PROMPT_CHARS + 2));
  if (chars.length <= MAX_TOLD_PROMPT_CHARS) return prompt;
  return `${chars.slice(0, MAX_TOLD_PROMPT_CHARS - 1).join("")}…`;
}
