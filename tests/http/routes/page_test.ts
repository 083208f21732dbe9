import assert from "node:assert/strict";
import { get } from "node:http";
import { httpSetup } from "../support.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Every file that the page loads, by following what each names. */
async function loaded(ask: (path: string) => Promise<Response>): Promise<Map<string, Response>> {
  const files = new Map<string, Response>();
  const texts = new Map<string, string>();
  const waiting = ["/"];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    const response = await ask(path);
    const text = await response.text();
    files.set(path, response);
    texts.set(path, text);
    const names = path === "/"
      ? text.matchAll(/(?:src|href)="([^"]+)"/g)
      : text.matchAll(/^import[^;]*?from\s*"([^"]+)"/gm);
    for (const [, name] of names) {
      waiting.push(new URL(name!, new URL(path, "http://page")).pathname);
    }
  }
  return files;
}

/** Bytes of a file as they are sent to whoever takes them in this coding. */
async function sentBytes(url: string, coding: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  get(url, { agent: false, headers: { "accept-encoding": coding } }, (response) => {
    let bytes = 0;
    response.on("data", (chunk: Uint8Array) => bytes += chunk.length);
    response.on("end", () => resolve(bytes));
    response.on("error", reject);
  }).on("error", reject);
  return await promise;
}

Deno.test("the page needs nothing from elsewhere and weighs at most 75 KB on the way", async () => {
  await using setup = await httpSetup();
  const files = await loaded((path) => setup.ask(path));
  const missing = [...files].filter(([, { status }]) => status !== 200).map(([path]) => path);
  assert.deepEqual(missing, []);
  assert.ok(files.size > 20, `only ${files.size} files found`);
  let bytes = 0;
  for (const path of files.keys()) bytes += await sentBytes(`${setup.url}${path}`, "gzip");
  assert.ok(bytes > 20_000 && bytes <= 75_000, `${bytes} bytes`);
  assert.ok(await sentBytes(`${setup.url}/page/preact.js`, "identity") > 9_000);
  for (const [path, { headers }] of files) {
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/, path);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
  }
});

Deno.test("scripts of the page come without types, and come again only when they have changed", async () => {
  await using setup = await httpSetup();
  const first = await setup.ask("/page/main.ts");
  assert.match(first.headers.get("content-type")!, /^text\/javascript/);
  const text = await first.text();
  assert.doesNotMatch(text, /: Shown|<string>|\bas typeof\b|from\s*"preact/);
  const etag = first.headers.get("etag")!;
  const again = await setup.ask("/page/main.ts", { headers: { "if-none-match": etag } });
  assert.equal(again.status, 304);
  await again.body?.cancel();
});

Deno.test("the page comes without a token, but nothing else below it is there", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/tokens`, "");
  await using setup = await httpSetup({ "http-tokens-file": `${dir.path}/tokens` });
  const statusOf = async (path: string) => {
    const response = await setup.ask(path);
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusOf("/"), 200);
  for (const path of ["/v1/jobs", "/page/types.ts", "/page/../deno.json", "/page/%2e%2e/x", "/x"]) {
    assert.equal(await statusOf(path), 401, path);
  }
});
