/** Secrets of every kind are planted, and looked for in all that a worker and its commands say. */

import assert from "node:assert/strict";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** Where ComfyUI answers with all that it was sent, as a proxy's error page may. */
function startEcho() {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const sent = JSON.stringify([request.url, ...request.headers]);
    return new Response(JSON.stringify({ error: sent, exception_message: sent }), { status: 500 });
  });
}

/** Runs one command to its end; returns all that it said. */
async function said(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  await using program = startTask("cli", args, { env });
  const { stdout, stderr } = await program.ended;
  return stdout + stderr;
}

async function secretKeyOf(path: string): Promise<string> {
  const keys = (await Deno.readTextFile(path)).match(/[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}/g);
  return keys!.at(-1)!;
}

Deno.test("no secret is in any output", async () => {
  await using dir = await tempDir();
  await using echo = startEcho();
  const at = (name: string) => `${dir.path}/${name}`;
  await Deno.mkdir(at("clients"));
  await said(["keygen", at("worker")]);
  await said(["keygen", at("client")]);
  await Deno.copyFile(at("client.key"), at("clients/me.key"));
  const issued = await said(["token", "me", "--scope=admin"]);
  const [httpToken] = /[A-Za-z0-9_-]{32,}/.exec(issued)!;
  await Deno.writeTextFile(at("tokens"), issued.split("\n").find((line) => line.startsWith("me"))!);
  await Deno.chmod(at("tokens"), 0o600);
  await Deno.writeTextFile(at("token"), "plantedtokenfile\n");
  const hookSecret = btoa("the secret of the webhooks, 32 b.");
  await Deno.writeTextFile(at("hook"), `whsec_${hookSecret}\n`, { mode: 0o600 });
  const { port } = echo.addr;
  await Deno.writeTextFile(
    at("config.yaml"),
    JSON.stringify({
      comfyui: {
        servers: [
          {
            url: `http://me:plantedpassword@127.0.0.1:${port}`,
            headers: { "X-Key": "plantedheader" },
          },
          { url: `http://127.0.0.1:${port}/b`, token: "plantedtoken" },
          { url: `http://127.0.0.1:${port}/c`, token_file: at("token") },
          { url: "http://me:planteddead@127.0.0.1:1" },
        ],
        max_retries: 0,
      },
      logging: { level: "debug" },
      webhooks: {
        notify_url: `http://127.0.0.1:${port}/hook?key=plantedkey`,
        secret_file: at("hook"),
      },
      zmq: { curve_key: at("worker.key_secret"), curve_clients: at("clients") },
      http: { addr: "127.0.0.1:0", tokens_file: at("tokens") },
    }),
  );
  const sockets = [`--req-addr=ipc://${at("req")}`, `--pub-addr=ipc://${at("pub")}`];
  const settings = [`--config=${at("config.yaml")}`, ...sockets, `--db=${at("queue.db")}`];
  const keys = [`--curve-key=${at("client.key_secret")}`, `--server-key=${at("worker.key")}`];
  await using worker = startTask("worker", [...settings, `--output-dir=${at("output")}`]);
  const ready = await worker.logged("Worker ready");
  if (ready === undefined) assert.fail((await worker.ended).stderr);
  const outputs: string[] = [JSON.stringify(ready)];
  const headers = { authorization: `Bearer ${httpToken}` };
  const http = `http://${JSON.stringify(ready).match(/127\.0\.0\.1:\d+/)![0]}`;
  const image = {
    id: "a",
    prompt: "x",
    model: "m",
    size: [64, 64],
    steps: 4,
    cfg_scale: 7,
    deadline_s: 1,
  };
  const post = { method: "POST", headers: { ...headers, "content-type": "application/json" } };
  for (
    const [path, init] of [
      ["/v1/jobs", { ...post, body: JSON.stringify(image) }],
      ["/v1/jobs", { ...post, body: "{" }],
      ...["/", "/metrics", "/healthz", "/readyz", "/openapi.json", "/v1/jobs", "/v1/jobs/a"],
      ...["/v1/status", "/v1/servers", "/v1/models", "/nothing"],
    ].map((each) => typeof each === "string" ? [each, {}] as const : each as [string, RequestInit])
  ) {
    const answer = await fetch(http + path, { headers, ...init });
    outputs.push(path, ...[...answer.headers].flat(), await answer.text());
    const refused = await fetch(http + path, { headers: { authorization: "Bearer x" } });
    outputs.push(await refused.text());
  }
  const asked = [["status"], ["servers"], ["models"], ["jobs"], ["job", "a"], ["health"]];
  const told = await Promise.all([
    ...asked.map((command) => said([...command, ...sockets, ...keys])),
    said(["config", `--config=${at("config.yaml")}`]),
    said(["config", "--json"], {
      DGX_PIXELS_WORKER_DB: "postgres://me:planteddatabase@127.0.0.1:1/x",
      DGX_PIXELS_COMFYUI_PROXY: "http://me:plantedproxy@127.0.0.1:1",
    }),
    said(["worker", ...sockets, "--db=postgres://me:planteddatabase@127.0.0.1:1/x"]),
    said(["worker", ...sockets, "--comfyui-url=http://me:plantedodd@:x"]),
  ]);
  outputs.push(...told);
  worker.signal("SIGTERM");
  const { stdout, stderr } = await worker.ended;
  outputs.push(stdout, stderr);
  const all = outputs.join("\n");
  // What was looked through is what there is to look through.
  for (
    const word of [
      "dgx_pixels_",
      "ComfyUI answered 500",
      "***",
      "job_error",
      "webhook",
      "Worker stopped",
    ]
  ) {
    assert.ok(all.includes(word), `${word} is in no output`);
  }
  const secrets = [
    "planted",
    btoa("me:plantedpassword").slice(4, -4),
    httpToken,
    hookSecret,
    await secretKeyOf(at("worker.key_secret")),
    await secretKeyOf(at("client.key_secret")),
  ];
  for (const secret of secrets) {
    const place = all.indexOf(secret);
    assert.equal(place, -1, `${secret} is in: ${all.slice(Math.max(0, place - 300), place + 100)}`);
  }
});
