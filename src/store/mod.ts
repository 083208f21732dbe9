/**
 * Stored images, on this disk or elsewhere.
 *
 * @module
 */

export { type ImageFile, openLocal } from "./image_file.ts";
export { type ImageStore, nameOf, urlBeside } from "./image_store.ts";
export { openStore, type S3Settings } from "./open.ts";
export { tryWritingIn } from "./probe.ts";
