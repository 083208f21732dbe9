import { deepEqual, equal, match } from "node:assert/strict";
import { applyProxy, defaultServer, goDirect, proxyVariables } from "../../src/config/mod.ts";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** The variables of this process that matter here, given back at the end. */
function keepVariables(): Disposable {
  const names = ["HTTP", "HTTPS", "ALL", "NO"].map((name) => `${name}_PROXY`)
    .flatMap((name) => [name, name.toLowerCase()]);
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of names) Deno.env.delete(name);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}

const SERVERS = ["http://127.0.0.1:8188", "http://[::1]:8188", "https://gpu/x"].map(defaultServer);

Deno.test("proxyVariables() names those that are set, in either spelling", () => {
  const env: Record<string, string> = { http_proxy: "http://p", ALL_PROXY: "x", HTTPS_PROXY: "" };
  deepEqual(proxyVariables((name) => env[name]), ["http_proxy", "ALL_PROXY"]);
});

Deno.test("goDirect() adds hosts to those that go without a proxy already", () => {
  using _variables = keepVariables();
  Deno.env.set("no_proxy", "a.example, 127.0.0.1");
  goDirect(SERVERS.map(({ url }) => url));
  equal(Deno.env.get("NO_PROXY"), "a.example,127.0.0.1,::1,gpu");
});

Deno.test("applyProxy() leaves everything alone where no variable names a proxy", () => {
  using _variables = keepVariables();
  equal(applyProxy({ proxy: undefined, servers: SERVERS }), undefined);
  equal(Deno.env.get("NO_PROXY"), undefined);
});

Deno.test("applyProxy() goes past the variables, or by them if told to", () => {
  using _variables = keepVariables();
  Deno.env.set("HTTP_PROXY", "http://127.0.0.1:9");
  match(
    applyProxy({ proxy: "environment", servers: SERVERS }) ?? "",
    /through the proxy of HTTP_PROXY$/,
  );
  equal(Deno.env.get("NO_PROXY"), undefined);
  match(
    applyProxy({ proxy: undefined, servers: SERVERS }) ?? "",
    /directly although HTTP_PROXY is set/,
  );
  equal(Deno.env.get("NO_PROXY"), "127.0.0.1,::1,gpu");
});

Deno.test("applyProxy() puts a proxy of its own in place of those of the variables", () => {
  using _variables = keepVariables();
  Deno.env.set("http_proxy", "http://127.0.0.1:9");
  Deno.env.set("NO_PROXY", "gpu");
  applyProxy({ proxy: "http://me:s@proxy:3128", servers: SERVERS });
  equal(Deno.env.get("http_proxy"), "http://me:s@proxy:3128");
  equal(Deno.env.get("HTTPS_PROXY"), "http://me:s@proxy:3128");
  equal(Deno.env.get("NO_PROXY"), "");
});

Deno.test("the first command of all works where HTTP_PROXY is set for the whole machine", async () => {
  await using dir = await tempDir();
  const dead = "http://127.0.0.1:9";
  await using demo = startTask("demo", ["--output-dir", `${dir.path}/output`], {
    cwd: dir.path,
    env: { HTTP_PROXY: dead, http_proxy: dead, ALL_PROXY: dead, NO_PROXY: "localhost" },
  });
  const { code, stdout, stderr } = await demo.ended;
  equal(code, 0, stderr);
  match(stdout, /^Image: .*\.png$/m);
});

Deno.test("health names the variable that is set, and says whether it is in force", async () => {
  await using dir = await tempDir();
  const address = `ipc://${dir.path}/nobody`;
  for (const [proxy, told] of [["", "passed over"], ["environment", "in force"]] as const) {
    const env = {
      HTTP_PROXY: "http://127.0.0.1:9",
      ...(proxy === "" ? {} : { DGX_PIXELS_COMFYUI_PROXY: proxy }),
    };
    const args = ["health", "--req-addr", address, "--pub-addr", `${address}2`, "--timeout", "0.2"];
    await using health = startTask("cli", args, { cwd: dir.path, env });
    match(
      (await health.ended).stdout,
      new RegExp(`^ok +proxy HTTP_PROXY is ${told} .*comfyui\\.proxy decides$`, "m"),
    );
  }
});
