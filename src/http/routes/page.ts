/** The page for people: `/` and its files. They hold no secrets, so no token is asked for. */

import { Hono } from "hono";
import { compress } from "hono/compress";
import { isKnown } from "../etag.ts";
import { type PageFile, pageFiles } from "../page/files.ts";

/** Nothing from elsewhere, no script or style in the markup; images may also be ones fetched with a token. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "img-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The routes. */
export function pageRoutes(): Hono {
  const app = new Hono();
  // Made when first asked for: most workers are never looked at.
  let files: ReadonlyMap<string, PageFile> | undefined;
  const tags = new Map<string, string>();
  const deliver = async (
    path: string,
    known: string | undefined,
  ): Promise<Response | undefined> => {
    const file = (files ??= pageFiles()).get(path);
    if (file === undefined) return undefined;
    // They never change while the worker runs.
    const etag = tags.get(path) ?? `"${await digest(file.text)}"`;
    tags.set(path, etag);
    const headers = {
      etag,
      "cache-control": "no-cache",
      "content-security-policy": POLICY,
      "content-type": file.type,
    };
    return isKnown(known, etag)
      ? new Response(null, { status: 304, headers })
      : new Response(file.text, { headers });
  };
  for (const path of ["/", "/page/*", "/event_stream.ts"]) {
    app.get(path, compress(), async (c, next) => {
      const answer = await deliver(c.req.path, c.req.header("if-none-match"));
      if (answer !== undefined) return answer;
      await next();
      return undefined;
    });
  }
  return app;
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).subarray(0, 12).toHex();
}
