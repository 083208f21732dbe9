import { deepEqual, equal, match, throws } from "node:assert/strict";
import { applyProxy, defaultServer, goDirect, proxyVariables } from "../../src/config/mod.ts";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** An environment of its own: that of the process is shared with tests that run at the same time. */
function environment(variables: Record<string, string>) {
  return {
    variables,
    read: (name: string) => variables[name],
    write(name: string, value: string) {
      variables[name] = value;
    },
  };
}

const SERVERS = ["http://127.0.0.1:8188", "http://[::1]:8188", "https://gpu/x"].map(defaultServer);

Deno.test("proxyVariables() names those that are set, in either spelling", () => {
  const env: Record<string, string> = { http_proxy: "http://p", ALL_PROXY: "x", HTTPS_PROXY: "" };
  deepEqual(proxyVariables((name) => env[name]), ["http_proxy", "ALL_PROXY"]);
});

Deno.test("goDirect() adds hosts to those that go without a proxy already", () => {
  const env = environment({ no_proxy: "a.example, 127.0.0.1" });
  goDirect(SERVERS.map(({ url }) => url), env);
  equal(env.variables.NO_PROXY, "a.example,127.0.0.1,::1,gpu");
});

Deno.test("applyProxy() leaves everything alone where no variable names a proxy", () => {
  const env = environment({});
  equal(applyProxy({ proxy: undefined, servers: SERVERS }, env), undefined);
  deepEqual(env.variables, {});
});

Deno.test("applyProxy() goes past the variables, or by them if told to", () => {
  const env = environment({ HTTP_PROXY: "http://127.0.0.1:9" });
  const told = (proxy: string | undefined) => applyProxy({ proxy, servers: SERVERS }, env) ?? "";
  match(told("environment"), /through the proxy of HTTP_PROXY$/);
  equal(env.variables.NO_PROXY, undefined);
  match(told(undefined), /directly although HTTP_PROXY is set/);
  equal(env.variables.NO_PROXY, "127.0.0.1,::1,gpu");
});

Deno.test("applyProxy() puts a proxy of its own in place of those of the variables", () => {
  const env = environment({ http_proxy: "http://127.0.0.1:9", NO_PROXY: "gpu" });
  applyProxy({ proxy: "http://me:s@proxy:3128", servers: SERVERS }, env);
  const { http_proxy, HTTPS_PROXY, NO_PROXY } = env.variables;
  deepEqual([http_proxy, HTTPS_PROXY, NO_PROXY], [
    "http://me:s@proxy:3128",
    "http://me:s@proxy:3128",
    "",
  ]);
});

Deno.test("applyProxy() tells which permission is missing", () => {
  const env = {
    read: (name: string) => name === "HTTP_PROXY" ? "http://127.0.0.1:9" : undefined,
    write() {
      throw new Deno.errors.NotCapable("Requires env access");
    },
  };
  match(
    applyProxy({ proxy: undefined, servers: SERVERS }, env) ?? "",
    /start Deno with --allow-env=HTTP_PROXY,/,
  );
  throws(() => applyProxy({ proxy: "http://proxy:3128", servers: SERVERS }, env), {
    name: "ConfigError",
    message: /start Deno with --allow-env=HTTP_PROXY,/,
  });
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
