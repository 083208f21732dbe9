import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { type Flags, formatOrigin, listSettings, loadConfig } from "../../src/config/mod.ts";
import { CASES } from "./cases.ts";
import { failure, load, PLAIN_SETTINGS, type Sources, yamlOf } from "./support.ts";

/** Every subset of the sources, strongest first. */
const SUBSETS = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
  (["flag", "env", "file"] as const).filter((_, index) => bits & (4 >> index))
);

for (const { path, flag, variables } of PLAIN_SETTINGS) {
  Deno.test(`${path} obeys flag, then variable, then file, then default`, async () => {
    const { read, good } = CASES[path]!;
    ok(good.length > 2, `${path}: give its case in tests/config/cases.ts three good values`);
    const standard = read((await load()).config);
    const text = { flag: good[0]![0], env: good[1]![0], file: good[2]![0] };
    const value = { flag: good[0]![1], env: good[1]![1], file: good[2]![1] };
    for (const subset of SUBSETS.filter((names) => flag !== undefined || !names.includes("flag"))) {
      const sources: Sources = {};
      if (subset.includes("flag")) sources.flags = { [flag!]: text.flag } satisfies Flags;
      if (subset.includes("env")) sources.env = { [variables[0]!]: text.env };
      if (subset.includes("file")) sources.yaml = yamlOf(path, JSON.stringify(text.file));
      const loaded = await load(sources);
      const [winner] = subset;
      deepEqual(read(loaded.config), winner === undefined ? standard : value[winner], `${subset}`);
      equal(loaded.origins.get(path)?.type, winner ?? "default");
    }
  });
}

Deno.test("loadConfig() tells the origin of every setting", async () => {
  const { origins } = await load({
    flags: { db: "a.db" },
    env: { DGX_PIXELS_LOG_LEVEL: "debug", DGX_PIXELS_OUTPUT_KEEP_PREVIEWS: "yes" },
    yaml: "# a comment\nworker:\n  queue_max_size:    5\n",
  });
  equal(origins.size, listSettings().length);
  deepEqual(origins.get("worker.db"), { type: "flag", flag: "--db" });
  deepEqual(origins.get("logging.level"), { type: "env", name: "DGX_PIXELS_LOG_LEVEL" });
  equal(formatOrigin(origins.get("output.keep_previews")!), "DGX_PIXELS_OUTPUT_KEEP_PREVIEWS");
  const queue = { type: "file", file: "config.yaml", line: 3, column: 22 };
  deepEqual(origins.get("worker.queue_max_size"), queue);
  deepEqual(origins.get("zmq.req_rep_addr"), { type: "default" });
});

Deno.test("loadConfig() freezes everything it returns", async () => {
  const { config, warnings } = await load({ yaml: "comfyui: { api_url: [http://a, http://b] }" });
  throws(() => void ((config as { simulate: boolean }).simulate = true), TypeError);
  for (const section of Object.values(config)) ok(Object.isFrozen(section));
  throws(() => (config.comfyui.servers as unknown[]).push({}), TypeError);
  throws(() => void ((config.comfyui.servers[0] as { weight: number }).weight = 9), TypeError);
  throws(() => (warnings as string[]).push("x"), TypeError);
  const { config: standard } = await load();
  ok(Object.isFrozen(standard.comfyui.servers));
});

Deno.test("loadConfig() asks the environment for known names only", async () => {
  const asked: string[] = [];
  await loadConfig({ env: (name) => void asked.push(name) });
  const known = listSettings().flatMap(({ variables }) => variables);
  deepEqual(asked.sort(), [...known, "DGX_PIXELS_CONFIG"].sort());
});

Deno.test("loadConfig() takes several servers from each source", async () => {
  const urls = ["http://a:1", "http://b:2"];
  const given: Sources[] = [
    { flags: { "comfyui-url": ["http://a:1/", "http://b:2"] } },
    { env: { DGX_PIXELS_COMFYUI_URL: " http://a:1, http://b:2 ," } },
    { yaml: "comfyui:\n  api_url:\n    - http://a:1\n    - http://b:2/\n" },
  ];
  for (const sources of given) {
    const { servers } = (await load(sources)).config.comfyui;
    deepEqual(servers.map(({ url }) => url), urls);
    deepEqual(servers.map(({ name }) => name), ["a:1", "b:2"]);
  }
});

Deno.test("loadConfig() refuses a list of servers that makes no sense", async () => {
  const twice = await failure({ flags: { "comfyui-url": ["http://a", "HTTP://a/"] } });
  equal(twice.message, '--comfyui-url has "HTTP://a/" twice');
  const none = await failure({ yaml: "comfyui:\n  api_url: []\n" });
  equal(none.message, "config.yaml:2:12: comfyui.api_url must have 1 to 64 entries, got 0");
  const many = Array.from({ length: 65 }, (_, index) => `http://gpu${index}`);
  match((await failure({ flags: { "comfyui-url": many } })).message, /1 to 64 entries, got 65$/);
  const joined = await failure({ flags: { "comfyui-url": "http://a:1,http://b:2" } });
  match(joined.message, /^--comfyui-url must be a URL/);
  const comma = await failure({ env: { DGX_PIXELS_COMFYUI_URL: "," } });
  match(comma.message, /^DGX_PIXELS_COMFYUI_URL must have 1 to 64 entries, got 0$/);
});

Deno.test("loadConfig() takes retries under either name, but not two different numbers", async () => {
  const ours = await load({ yaml: "worker:\n  max_retries: 5\n" });
  const theirs = await load({ yaml: "comfyui:\n  max_retries: 5\n" });
  deepEqual([ours.config.worker.maxRetries, theirs.config.worker.maxRetries], [5, 5]);
  equal(formatOrigin(ours.origins.get("comfyui.max_retries")!), "config.yaml:2:16");
  equal(formatOrigin(theirs.origins.get("worker.max_retries")!), "config.yaml:2:16");
  const same = await load({
    yaml: "comfyui: { max_retries: 5 }",
    env: { DGX_PIXELS_WORKER_MAX_RETRIES: "5" },
  });
  equal(same.config.worker.maxRetries, 5);
  equal(formatOrigin(same.origins.get("comfyui.max_retries")!), "config.yaml:1:25");
  const inFile = await failure({
    yaml: "comfyui:\n  max_retries: 3\nworker:\n  max_retries: 5\n",
  });
  equal(
    inFile.message,
    "config.yaml:4:16: worker.max_retries must not differ from " +
      "comfyui.max_retries (config.yaml:2:16), got 5 and 3; remove one of them",
  );
  const apart = await failure({
    yaml: "comfyui:\n  max_retries: 0\n",
    env: { DGX_PIXELS_WORKER_MAX_RETRIES: "5" },
  });
  equal(
    apart.message,
    "DGX_PIXELS_WORKER_MAX_RETRIES must not differ from " +
      "comfyui.max_retries (config.yaml:2:16), got 5 and 0; remove one of them",
  );
});

Deno.test("loadConfig() does not compare a number of retries that is none", async () => {
  const { message } = await failure({
    yaml: "comfyui: {max_retries: x}\nworker: {max_retries: 5}",
  });
  equal(
    message,
    'config.yaml:1:24: comfyui.max_retries must be a whole number from 0 to 100, got "x"',
  );
});

Deno.test("loadConfig() refuses a list where one value belongs", async () => {
  const file = await failure({ yaml: "worker:\n  db: [a, b]\n" });
  match(file.message, /^config.yaml:2:7: worker.db must be a path .*, got a list$/);
  const flag = await failure({ flags: { db: ["a", "b"] } });
  equal(flag.message, "--db must be given once, got 2 values");
  deepEqual((await load({ flags: { db: ["a"] } })).config.worker.dbPath, "a");
});

Deno.test("loadConfig() treats switches as booleans and nothing else", async () => {
  equal((await load({ flags: { simulate: true } })).config.simulate, true);
  const off = await load({ flags: { simulate: false }, env: { DGX_PIXELS_SIMULATE: "1" } });
  equal(off.config.simulate, false);
  equal((await failure({ flags: { db: true } })).message, "--db needs a value");
  equal((await failure({ flags: { "comfyui-url": true } })).message, "--comfyui-url needs a value");
});

Deno.test("loadConfig() counts absent, empty and null values as not given", async () => {
  const { config, origins } = await load({
    flags: { db: undefined, "comfyui-url": [] },
    env: { DGX_PIXELS_DB: "", DGX_PIXELS_LOG_LEVEL: "  ", DGX_PIXELS_COMFYUI_URL: "" },
    yaml: "worker:\n  db:\n  queue_max_size: ~\nlogging:\nmodels: null\noutput: {}\n",
  });
  deepEqual(config, (await load()).config);
  ok([...origins.values()].every((origin) => origin.type === "default"));
});

Deno.test("loadConfig() refuses an empty flag", async () => {
  match(
    (await failure({ flags: { "output-dir": "" } })).message,
    /^--output-dir must be .*, got ""$/,
  );
});

Deno.test("loadConfig() refuses two variables that say different things of one setting", async () => {
  const names = ["DGX_PIXELS_WORKER_DB", "DGX_PIXELS_DB"] as const;
  const { message } = await failure({ env: { [names[0]]: "a", [names[1]]: "b" } });
  equal(message, `${names[0]} and ${names[1]} must not differ; unset one of them`);
  const { config } = await load({ env: { [names[0]]: "a", [names[1]]: "a" } });
  equal(config.worker.dbPath, "a");
});

Deno.test("loadConfig() reports all that is wrong at once, overridden values included", async () => {
  const { code, message } = await failure({
    flags: { "comfyui-timeout": "soon", db: "ok.db" },
    env: { DGX_PIXELS_LOG_LEVEL: "loud", DGX_PIXELS_DB: "~/x" },
    yaml: "comfyui:\n  timeout_s: -1\n  max_retries: 1.5\nmodels: 3\n",
  });
  equal(code, "invalid_value");
  deepEqual(message.split("\n"), [
    'config.yaml:4:1: models must be a map of settings, got "3"',
    '--comfyui-timeout must be a number of seconds from 0.1 to 86400, got "soon"',
    'config.yaml:2:14: comfyui.timeout_s must be a number of seconds from 0.1 to 86400, got "-1"',
    'config.yaml:3:16: comfyui.max_retries must be a whole number from 0 to 100, got "1.5"',
    'DGX_PIXELS_DB must be a path without a leading ~, or a postgres:// URL, got "~/x"',
    'DGX_PIXELS_LOG_LEVEL must be debug, info, warn or error, got "loud"',
  ]);
});

Deno.test("loadConfig() refuses one endpoint for both sockets and names who chose it", async () => {
  const { message } = await failure({ yaml: "zmq:\n  pub_sub_addr: tcp://127.0.0.1:5555\n" });
  const both = 'got "tcp://127.0.0.1:5555" for both';
  const other = "must differ from zmq.req_rep_addr (default)";
  equal(message, `config.yaml:2:17: zmq.pub_sub_addr ${other}, ${both}`);
  const flag = await failure({ flags: { "req-addr": "tcp://127.0.0.1:5556" } });
  match(flag.message, /^--req-addr must differ from zmq.pub_sub_addr \(default\)/);
  const ipc = await failure({ flags: { "req-addr": "ipc://x:0", "pub-addr": "ipc://x:0" } });
  match(ipc.message, /^--pub-addr must differ from zmq.req_rep_addr \(--req-addr\)/);
});

Deno.test("loadConfig() lets both sockets ask for a port of the system's choice", async () => {
  const any = "tcp://127.0.0.1:0";
  const { config } = await load({ flags: { "req-addr": any, "pub-addr": any } });
  deepEqual([config.zmq.reqRepAddr, config.zmq.pubSubAddr], [any, any]);
});

Deno.test("loadConfig() keeps secrets and control characters out of its messages", async () => {
  const url = await failure({ flags: { "comfyui-url": "http://me:secret@gpu:99999" } });
  match(url.message, /got "http:\/\/\*\*\*@gpu:99999"$/);
  const steering = await failure({ flags: { "log-level": "\u001b[2J\n\u009b\u2028x" } });
  ok(/^[ -~]+$/.test(steering.message), steering.message);
  const long = await failure({ flags: { "log-level": "x".repeat(10_000) } });
  ok(long.message.length < 200);
});

Deno.test("loadConfig() reads the file that --config names, else DGX_PIXELS_CONFIG", async () => {
  const files: Record<string, string> = {
    "a.yaml": "worker: {db: a}",
    "b.yaml": "worker: {db: b}",
  };
  const read = (path: string) => Promise.resolve(files[path]!);
  const env = (name: string) => name === "DGX_PIXELS_CONFIG" ? "b.yaml" : undefined;
  const byEnv = await loadConfig({ env, readTextFile: read });
  equal(byEnv.config.worker.dbPath, "b");
  const byFlag = await loadConfig({ flags: { config: "a.yaml" }, env, readTextFile: read });
  equal(byFlag.config.worker.dbPath, "a");
  equal(formatOrigin(byFlag.origins.get("worker.db")!), "a.yaml:1:14");
});

Deno.test("loadConfig() refuses a --config that is not one path", async () => {
  for (const config of [true, false, "", ["a", "b"]]) {
    const { code, message } = await failure({ flags: { config } });
    equal(code, "usage");
    equal(message, "--config must be given once, with the path of a file");
  }
});

Deno.test("loadConfig() says why a file cannot be read, and who named it", async () => {
  const reasons: [Error, RegExp][] = [
    [new Deno.errors.NotFound("os error 2"), /: no such file; check --config$/],
    [new Deno.errors.PermissionDenied("os error 13"), /: permission denied; check --config$/],
    [new Deno.errors.IsADirectory("os error 21"), /: it is a directory; check --config$/],
    [new Deno.errors.NotCapable("x"), /: Deno needs --allow-read=\/x\/y.yaml; check --config$/],
    [new Error("Disk on fire"), /: Disk on fire; check --config$/],
  ];
  for (const [cause, expected] of reasons) {
    const readTextFile = () => Promise.reject(cause);
    const env = () => undefined;
    const error = await loadConfig({ flags: { config: "/x/y.yaml" }, env, readTextFile })
      .then(() => undefined, (error) => error);
    equal(error?.code, "unreadable");
    match(error.message, /^Cannot read the configuration file \/x\/y.yaml: /);
    match(error.message, expected);
    equal(error.cause, cause);
  }
  const { message } = await failure({ env: { DGX_PIXELS_CONFIG: "gone.yaml" } });
  match(message, /no such file; check DGX_PIXELS_CONFIG$/);
});
