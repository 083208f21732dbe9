import { deepEqual, doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import { createComfyClient } from "../../../src/comfyui/mod.ts";
import { startStandIn } from "../../sandbox/stand_in.ts";

const SECRET = "s3cret-t0ken";

/** Ways to be let in: what is added to the address, and headers. */
const WAYS: readonly [
  name: string,
  address: (url: string) => string,
  headers?: Record<string, string>,
][] = [
  ["a bearer token", (url) => url, { Authorization: `Bearer ${SECRET}` }],
  ["any header", (url) => url, { "X-Api-Key": SECRET }],
  ["user and password", (url) => url.replace("//", `//me:${SECRET}@`)],
  ["a token in the address", (url) => `${url}/?token=${SECRET}`],
];

function isLetIn(request: Request, url: URL): boolean {
  const { headers } = request;
  return headers.get("authorization") === `Bearer ${SECRET}` ||
    headers.get("x-api-key") === SECRET ||
    headers.get("authorization") === `Basic ${btoa(`me:${SECRET}`)}` ||
    url.searchParams.get("token") === SECRET;
}

for (const [name, address, headers] of WAYS) {
  Deno.test(`ComfyClient is let in by ${name}, over HTTP and to the event socket`, async () => {
    await using server = await startStandIn({
      gate: (request, url) =>
        isLetIn(request, url) ? undefined : new Response("who?", { status: 401 }),
    });
    const options = headers === undefined ? {} : { headers };
    await using client = createComfyClient({ url: address(server.url), ...options });
    equal(await client.reach(), undefined);
    await client.systemStats();
    ok(server.hits.includes("GET /ws"));
  });

  Deno.test(`ComfyClient tells nobody of ${name}`, async () => {
    const told: string[] = [];
    await using server = await startStandIn({
      gate: (request, { search }) => {
        const all = `${[...request.headers].join()} ${search}`;
        const location = `http://me:${SECRET}@other/?token=${SECRET}`;
        return request.url.includes("queue")
          ? new Response(null, { status: 302, headers: { location } })
          : new Response(`You sent ${all}`, { status: 500 });
      },
    });
    const options = headers === undefined ? {} : { headers };
    await using client = createComfyClient({
      url: address(server.url),
      ...options,
      logger: { log: (...line) => void told.push(JSON.stringify(line)) },
    });
    for (const call of [() => client.systemStats(), () => client.queue(), () => client.connect()]) {
      const error = await call().then(() => undefined, (error: Error) => error);
      ok(error !== undefined);
      told.push(error.message);
    }
    await server[Symbol.asyncDispose]();
    await rejects(client.systemStats(), (error: Error) => told.push(error.message) > 0);
    doesNotMatch(told.join("\n"), /s3cret/);
  });
}

Deno.test("ComfyClient names itself to the server with every request", async () => {
  const names: (string | null)[] = [];
  await using server = await startStandIn({
    gate: ({ headers }) => void names.push(headers.get("comfy-usage-source")),
  });
  await using client = createComfyClient({ url: server.url });
  await client.connect();
  await client.systemStats();
  deepEqual(new Set(names), new Set(["dgx-pixels"]));
});

Deno.test("ComfyClient tells of a redirect what it is, and does not follow it", async () => {
  await using server = await startStandIn({
    gate: (_request, { pathname }) =>
      pathname === "/system_stats"
        ? new Response(null, { status: 302, headers: { location: "/login?next=%2F" } })
        : undefined,
  });
  await using client = createComfyClient({ url: server.url });
  await rejects(client.systemStats(), (error: Error) => {
    match(error.message, /answered 302, a redirect to \/login.*; give the server's url/);
    return true;
  });
  equal(server.hits.includes("GET /login"), false);
});

Deno.test("ComfyClient.hasUpload() asks for the content and for the file, where the server keeps assets", async () => {
  const has = { asset: true, file: true };
  await using server = await startStandIn({
    gate: (request, { pathname }) => {
      if (pathname === "/upload/image") {
        const asset = { id: "1", asset_hash: "blake3:ab" };
        return Response.json({ name: "a.png", subfolder: "x", type: "input", asset });
      }
      if (request.method !== "HEAD") return undefined;
      const isThere = pathname === "/view" ? has.file : has.asset;
      return new Response(null, { status: isThere ? 200 : 404 });
    },
  });
  await using client = createComfyClient({ url: server.url });
  const image = await client.upload(new Uint8Array(3), "a.png");
  equal(await client.hasUpload(image), true);
  deepEqual(server.hits.slice(-2), ["HEAD /api/assets/hash/blake3:ab", "HEAD /view"]);
  has.file = false;
  equal(await client.hasUpload(image), false);
  has.asset = false;
  equal(await client.hasUpload(image), false);
  const before = server.hits.length;
  equal(await client.hasUpload({ filename: "a.png", subfolder: "", type: "input" }), false);
  equal(server.hits.length, before);
});

Deno.test("ComfyClient.findUpload() finds a content by its BLAKE3, only where the server keeps assets", async () => {
  const server = { keepsAssets: true };
  // The digest of "abc", which many test vectors have.
  const hash = "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85";
  const hits: string[] = [];
  const gate = (request: Request, { pathname, search }: URL) => {
    if (pathname === "/features") return Response.json({ assets: server.keepsAssets });
    if (request.method !== "HEAD") return undefined;
    hits.push(pathname + search);
    const isThere = pathname === "/view" || pathname === `/api/assets/hash/${hash}`;
    return new Response(null, { status: isThere ? 200 : 404 });
  };
  await using standIn = await startStandIn({ gate });
  const find = async (text: string) => {
    await using client = createComfyClient({ url: standIn.url });
    const found = await client.findUpload(new TextEncoder().encode(text), "a.png", {
      subfolder: "x",
    });
    return found?.filename;
  };
  equal(await find("abc"), "a.png");
  deepEqual(hits, [`/api/assets/hash/${hash}`, "/view?filename=a.png&subfolder=x&type=input"]);
  equal(await find("abd"), undefined);
  server.keepsAssets = false;
  equal(await find("abc"), undefined);
  equal(hits.length, 3);
});
