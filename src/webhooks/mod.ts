/**
 * Webhooks: who may be told, and one try to tell.
 *
 * @module
 */

export { createPoster } from "./post.ts";
export type { Message, Poster, PosterOptions, PostResult } from "./post.ts";
export { hostOf, refusalOf, type WebhookRules } from "./rules.ts";
export { readSecrets } from "./secrets.ts";
