/**
 * Images out and in: `/view` and the uploads.
 *
 * @module
 */

import type { Routes } from "./route.ts";
import { postImage, postMask } from "./upload.ts";
import { getView } from "./view.ts";

/** The file routes. */
export const FILE_ROUTES: Routes = {
  "GET /view": { handle: getView },
  "POST /upload/image": { handle: postImage },
  "POST /upload/mask": { handle: postMask },
};
