/** What a store that cannot be trusted makes of reading and writing. */

import assert from "node:assert/strict";
import type { ImageStore } from "../../../src/store/mod.ts";
import { openS3Store } from "../../../src/store/bucket/store.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Has a store whose answers are these. */
function test(
  behaviour: string,
  answer: (request: Request) => Response,
  body: (store: ImageStore, served: readonly Request[]) => Promise<void>,
): void {
  Deno.test(`openS3Store() ${behaviour}`, async () => {
    const served: Request[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => {
        served.push(request);
        return answer(request);
      },
    );
    using store = openS3Store({
      endpoint: `http://127.0.0.1:${server.addr.port}`,
      bucket: "images",
      prefix: "",
      region: "r",
      pathStyle: true,
      accessKey: "public",
      secretKey: "the secret key",
      sessionToken: "the session's <token>",
      credentialsFile: undefined,
      againMs: 1,
    });
    await body(store, served);
  });
}

const URL_OF_IT = "s3://images/a.png";
const SIZE = 1_000;
const about = { etag: '"x"', "accept-ranges": "bytes" };

/** What the whole file would be. */
function whole({ method }: Request, headers: Record<string, string>): Response {
  const all = { ...about, "content-length": String(SIZE), ...headers };
  return new Response(method === "HEAD" ? null : new Uint8Array(SIZE), { headers: all });
}

test(
  "does not take an image for empty whose length is not told",
  () => new Response(new ReadableStream(), { headers: about }),
  (store) => assert.rejects(store.open(URL_OF_IT), { code: "storage", message: /how long/ }),
);

for (const type of ["text/html", "image/svg+xml", "image/png; charset=x", "IMAGE/PNG"]) {
  test(
    `does not hand on that an image is ${type}`,
    (request) => whole(request, { "content-type": type }),
    async (store) => {
      using file = await store.open(URL_OF_IT);
      assert.equal(file?.contentType, "application/octet-stream");
    },
  );
}

for (const range of ["bytes 7-999/1000", "bytes */1000", ""]) {
  test(
    `does not take another piece for the one it wants (${range})`,
    (request) =>
      request.method === "HEAD" ? whole(request, {}) : new Response(new Uint8Array(SIZE), {
        status: 206,
        headers: range === "" ? about : { ...about, "content-range": range },
      }),
    async (store) => {
      using file = await store.open(URL_OF_IT);
      await assert.rejects(file!.read(0, SIZE - 1), { code: "storage", message: /piece/ });
    },
  );
}

test(
  "is not led elsewhere",
  (request) => Response.redirect(new URL("/elsewhere", request.url), 307),
  async (store, served) => {
    await assert.rejects(store.open(URL_OF_IT), { code: "storage", message: /HTTP 307/ });
    await assert.rejects(store.tryWriting(), { code: "storage", message: /HTTP 307/ });
    assert.ok(served.every(({ url }) => !url.includes("elsewhere")));
  },
);

test(
  "hides what the store repeats of its keys",
  (request) => {
    const sent = JSON.stringify([...request.headers]);
    const page = sent.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return new Response(`<Code>X</Code><Message>the secret key, ${page}</Message>`, {
      status: 403,
    });
  },
  async (store) => {
    await using dir = await tempDir();
    const path = `${dir.path}/a.png`;
    await Deno.writeFile(path, new Uint8Array(SIZE));
    const putting = store.put("folder", [path], new AbortController().signal);
    const message = await putting.then(() => "stored", (error) => String(error.message));
    assert.match(message, /HTTP 403 X: \*\*\*, /);
    for (const secret of ["secret key", "session's", "Signature="]) {
      assert.ok(!message.includes(secret), message);
    }
  },
);
