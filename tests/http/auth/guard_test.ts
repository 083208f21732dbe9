import assert from "node:assert/strict";
import { createMetrics, createToken, type Scope } from "../../../src/http/mod.ts";
import { startHttp } from "../../../src/http/server.ts";
import { createUpdateFeed } from "../../../src/http/feed.ts";
import { silentLogger } from "../../../src/log.ts";
import type { HttpContext } from "../../../src/http/options.ts";
import { tempDir } from "../../support/temp_dir.ts";

const CONTEXT: HttpContext = {
  catalog: () => Promise.resolve({ workflows: [], unusable: [], palettes: [] }),
  servers: { add: () => Promise.resolve(""), remove: () => false },
  webhooks: { list: () => Promise.resolve([]), retry: () => Promise.resolve(false) },
  handle: (request) =>
    Promise.resolve(
      request.type === "list_models"
        ? { type: "model_list", models: [] }
        : request.type === "cancel"
        ? { type: "job_cancelled", job_id: request.job_id }
        : { type: "error", message: "Malformed message: not here" },
    ),
  storedRequest: () => Promise.resolve(undefined),
  metrics: createMetrics("1"),
  snapshot: () => Promise.reject(new Error("Not here")),
  feed: createUpdateFeed(1),
  openImage: () => Promise.resolve(undefined),
  inputDir: undefined,
  diskProblem: () => undefined,
  isStopping: () => false,
  logger: silentLogger,
};

/** `fetch` does not let a program choose its Host, so this speaks HTTP by hand. */
async function rawGet(
  url: string,
  headers: Record<string, string>,
  request = "GET /v1/models",
): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `${request} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  const chunks = await Array.fromAsync(connection.readable);
  return chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
}

Deno.test("without tokens only this machine's own names are served: no page gets in by DNS", async () => {
  await using server = await startHttp({ context: CONTEXT, hostname: "127.0.0.1", port: 0 });
  for (const host of ["127.0.0.1", "localhost:8080", "LOCALHOST", "[::1]:80"]) {
    assert.match(await rawGet(server.url, { Host: host }), /^HTTP\/1\.1 200 /, host);
  }
  for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "2130706433"]) {
    assert.match(await rawGet(server.url, { Host: host }), /^HTTP\/1\.1 421 /, host);
  }
});

Deno.test("pages of other origins may call only if they are named", async () => {
  const allowedOrigins = ["https://studio.example"];
  await using server = await startHttp({
    context: CONTEXT,
    hostname: "127.0.0.1",
    port: 0,
    allowedOrigins,
  });
  const host = new URL(server.url).host;
  const cases: readonly (readonly [headers: Record<string, string>, status: string])[] = [
    [{ Origin: "https://studio.example" }, "200"],
    [{ Origin: server.url }, "200"],
    [{ Origin: "https://evil.example" }, "403"],
    [{ Origin: "null" }, "403"],
    [{ Origin: "https://studio.example.evil" }, "403"],
    [{ "Sec-Fetch-Site": "cross-site" }, "403"],
    [{ "Sec-Fetch-Site": "same-origin" }, "200"],
  ];
  for (const [headers, status] of cases) {
    const answer = await rawGet(server.url, { Host: host, ...headers });
    assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), JSON.stringify(headers));
    const isNamed = headers["Origin"] === "https://studio.example";
    assert.equal(/access-control-allow-origin/i.test(answer), isNamed);
  }
});

async function withTokens() {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const tokens: Partial<Record<Scope, string>> = {};
  const lines = ["# who may", ""];
  for (const scope of ["read", "submit", "admin"] as const) {
    const { token, line } = await createToken(`${scope}er`, scope);
    tokens[scope] = token;
    lines.push(line);
  }
  const tokensFile = `${dir.path}/tokens`;
  await Deno.writeTextFile(tokensFile, lines.join("\n"));
  const server = starting.use(
    await startHttp({ context: CONTEXT, hostname: "127.0.0.1", port: 0, tokensFile }),
  );
  const running = starting.move();
  const status = async (method: string, path: string, token?: string): Promise<number> => {
    const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(`${server.url}${path}`, { method, headers });
    await answer.body?.cancel();
    return answer.status;
  };
  return {
    server,
    tokens,
    tokensFile,
    status,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

Deno.test("with tokens a caller may do what its scope says, and nobody else anything", async () => {
  await using setup = await withTokens();
  const { status, tokens } = setup;
  assert.equal(await status("GET", "/v1/models"), 401);
  assert.equal(await status("GET", "/v1/models", "guess"), 401);
  assert.equal(await status("GET", "/v1/models", "x".repeat(10_000)), 401);
  assert.equal(await status("GET", "/v1/models", tokens.read), 200);
  assert.equal(await status("DELETE", "/v1/jobs/a", tokens.read), 403);
  assert.equal(await status("DELETE", "/v1/jobs/a", tokens.submit), 200);
  assert.equal(await status("GET", "/v1/models", tokens.admin), 200);
  assert.equal(await status("GET", "/healthz"), 200);
});

Deno.test("the file of tokens is read again, and a broken one leaves the old ones in force", async () => {
  await using setup = await withTokens();
  const { server, status, tokens, tokensFile } = setup;
  const { token, line } = await createToken("new", "read");
  await Deno.writeTextFile(tokensFile, line);
  await server.reload();
  assert.equal(await status("GET", "/v1/models", token), 200);
  assert.equal(await status("GET", "/v1/models", tokens.read), 401);
  await Deno.writeTextFile(tokensFile, "a line that is none");
  await server.reload();
  assert.equal(await status("GET", "/v1/models", token), 200);
});

Deno.test("beyond this machine nothing listens without tokens", async () => {
  for (const hostname of ["0.0.0.0", "::", "192.168.1.2", "localhost.example.org"]) {
    await assert.rejects(startHttp({ context: CONTEXT, hostname, port: 0 }), {
      code: "invalid_value",
      message: /cli token NAME/,
    });
  }
});

Deno.test("a page that may call reads every answer, refusals and bytes included", async () => {
  const origin = "https://studio.example";
  await using server = await startHttp({
    context: CONTEXT,
    hostname: "127.0.0.1",
    port: 0,
    allowedOrigins: [origin],
  });
  const headers = { Host: new URL(server.url).host, Origin: origin };
  for (const path of ["/v1/models", "/v1/events", "/nothing", "/metrics"]) {
    const answer = await rawGet(server.url, headers, `HEAD ${path}`);
    assert.match(answer, /access-control-allow-origin: https:\/\/studio\.example\r\n/i, path);
    assert.match(answer, /vary: origin/i, path);
    assert.match(answer, /access-control-expose-headers: content-range, etag/i, path);
  }
  const preflight = await rawGet(server.url, headers, "OPTIONS /v1/jobs");
  assert.match(preflight, /^HTTP\/1\.1 204 /);
  assert.match(preflight, /access-control-allow-methods: GET, POST, DELETE\r\n/i);
});
