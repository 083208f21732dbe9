/**
 * What a route is.
 *
 * @module
 */

import type { Exchange } from "../../http.ts";
import type { Profile } from "../../profile.ts";

/** Answers a request. An exception becomes a status 500, as in the real server. */
export type Handler = (exchange: Exchange) => Response | Promise<Response>;

/** A route. */
export interface Route {
  /** Answers a request. */
  readonly handle: Handler;
  /** Tells whether a version has the route; all have it when absent. */
  readonly exists?: (profile: Profile) => boolean;
}

/** Routes by name: method, a space, path with placeholders in braces. */
export type Routes = Readonly<Record<string, Route>>;
