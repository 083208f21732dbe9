import { deepEqual, equal, ok } from "node:assert/strict";
import { type Flags, type KeyInfo, listSettings, type SettingInfo } from "../../src/config/mod.ts";
import type { SettingCase } from "./case_values.ts";
import { CASES } from "./cases.ts";
import { failure, load, PLAIN_SETTINGS, type Sources, yamlOf } from "./support.ts";

/** One way to give a setting a text, and how an error then names it. */
interface Source {
  name: string;
  give(text: string): Sources;
  subject: string;
  takes?(text: string): boolean;
}

function sourcesOf(setting: SettingInfo): Source[] {
  const { path, flag, variables } = setting;
  const column = path.split(".")[1]!.length + 5;
  const sources: Source[] = variables.map((variable) => ({
    name: variable,
    give: (text) => ({ env: { [variable]: text } }),
    subject: variable,
  }));
  sources.push({
    name: "the file",
    give: (text) => ({ yaml: yamlOf(path, JSON.stringify(text)) }),
    subject: `config.yaml:2:${column}: ${path}`,
  }, {
    name: "the file, unquoted",
    give: (text) => ({ yaml: yamlOf(path, text) }),
    subject: `config.yaml:2:${column}: ${path}`,
    takes: (text) => /^[\w./][\w./:-]*(?<!:)$/.test(text),
  });
  if (flag !== undefined) {
    sources.push({
      name: `--${flag}`,
      give: (text) => ({ flags: { [flag]: text } satisfies Flags }),
      subject: `--${flag}`,
    });
  }
  return sources;
}

function caseOf(setting: SettingInfo): SettingCase {
  const found = CASES[setting.path];
  ok(found, `no case for ${setting.path}`);
  return found;
}

Deno.test("every setting has a case, and every case a setting", () => {
  const missing = PLAIN_SETTINGS.filter(({ path }) => CASES[path] === undefined);
  deepEqual(
    missing.map(({ path }) => `${path}: add its case to CASES of tests/config/cases.ts`),
    [],
  );
  deepEqual(Object.keys(CASES).sort(), PLAIN_SETTINGS.map(({ path }) => path).sort());
});

for (const setting of PLAIN_SETTINGS) {
  for (const source of sourcesOf(setting)) {
    const takes = source.takes ?? (() => true);

    Deno.test(`${setting.path} takes every good value from ${source.name}`, async () => {
      const { read, good } = caseOf(setting);
      for (const [text, value] of good.filter(([text]) => takes(text))) {
        const loaded = await load(source.give(text));
        deepEqual(read(loaded.config), value, text);
        ok(loaded.origins.get(setting.path)?.type !== "default", text);
        deepEqual(loaded.warnings, []);
      }
    });

    Deno.test(`${setting.path} refuses every bad value from ${source.name}`, async () => {
      for (const text of caseOf(setting).bad.filter(takes)) {
        const error = await failure(source.give(text));
        equal(error.code, "invalid_value");
        const must = `${source.subject} must be ${setting.expected}, got `;
        ok(error.message.startsWith(must), `${error.message} | ${must}`);
        equal(error.message.split("\n").length, 1);
      }
    });
  }
}

Deno.test("every default is a good value of its own setting", async () => {
  for (const setting of listSettings().filter((setting) => setting.default !== "")) {
    const { config } = await load({ yaml: yamlOf(setting.path, JSON.stringify(setting.default)) });
    const { read } = caseOf(setting);
    deepEqual(read(config), read((await load()).config), setting.path);
  }
});

Deno.test("the defaults are the documented ones", async () => {
  const { config } = await load();
  deepEqual(config, {
    zmq: {
      reqRepAddr: "tcp://127.0.0.1:5555",
      pubSubAddr: "tcp://127.0.0.1:5556",
      curveKey: undefined,
      curveClients: undefined,
      serverKey: undefined,
      allowInsecureBind: false,
      maxConnections: 1_000,
    },
    http: { addr: undefined, tokensFile: undefined, allowedOrigins: [], maxConnections: 1_000 },
    webhooks: {
      url: undefined,
      events: undefined,
      secretFile: undefined,
      allowedHosts: [],
      allowPrivate: false,
    },
    comfyui: {
      servers: [{
        url: "http://127.0.0.1:8188",
        name: "127.0.0.1:8188",
        token: undefined,
        tokenFile: undefined,
        headers: undefined,
        weight: 1,
        maxInFlight: 2,
        checkpointDir: undefined,
        loraDir: undefined,
        vaeDir: undefined,
        extraModelPaths: undefined,
        modelDirs: { checkpoint: [], lora: [], vae: [] },
      }],
      proxy: undefined,
      timeoutMs: 300_000,
      retryDelayMs: 1000,
      awayMs: 30_000,
      serversPerIsolate: undefined,
      allowGlobalInterrupt: false,
    },
    simulate: false,
    executor: { isolation: "thread" },
    worker: {
      maxConcurrentJobs: undefined,
      maxRetries: 3,
      queueMaxSize: 1000,
      cleanupAgeMs: 7 * 24 * 3600 * 1000,
      dbPath: "./dgx-pixels.db",
      name: "worker",
      peerAddr: undefined,
      drainTimeoutMs: 10_000,
      progressPerSecond: 60,
    },
    workflows: {
      dir: undefined,
      defaultWorkflow: "pixel_art_workflow",
      forAnimation: "animation",
      forTileset: "tileset",
      forInitImage: "img2img_sdxl",
      forBatch: "batch",
      forLora: "pixel_art_lora",
      loraTriggers: [],
    },
    input: { dir: undefined },
    output: {
      dir: "./output",
      filenamePattern: "{job_id}_{index}",
      previewMethod: "auto",
      keepPreviews: false,
      maxPreviewsPerSecond: 10,
      maxPreviews: 100,
      minFreeMb: 0,
      deleteForgotten: false,
      pixel: undefined,
      store: undefined,
    },
    s3: {
      endpoint: undefined,
      region: "us-east-1",
      pathStyle: true,
      accessKey: undefined,
      secretKey: undefined,
      sessionToken: undefined,
      credentialsFile: undefined,
    },
    palettes: { dir: undefined },
    models: {
      checkpointDir: undefined,
      loraDir: undefined,
      vaeDir: undefined,
      extraModelPaths: undefined,
    },
    logging: { level: "info", file: undefined, format: "auto" },
  });
});

Deno.test("no flag and no variable stands for two settings", () => {
  const flags = listSettings().flatMap(({ flag }) => flag ?? []);
  const variables = listSettings().flatMap(({ variables }) => variables);
  equal(new Set(flags).size, flags.length);
  equal(new Set(variables).size, variables.length);
  deepEqual(
    flags.sort(),
    "allow-insecure-bind comfyui-proxy comfyui-timeout comfyui-url curve-clients curve-key db extra-model-paths http-addr http-tokens-file input-dir isolation log-level output-dir palette-dir peer-addr pub-addr req-addr server-key simulate worker-name workflow-dir"
      .split(" "),
  );
  ok(!variables.includes("DGX_PIXELS_CONFIG"));
});

Deno.test("README.md lists the settings and a server's keys as they are", async () => {
  const readme = await Deno.readTextFile(new URL("../../src/config/README.md", import.meta.url));
  const shown = readme.replaceAll("\n  ", " ").split("\n")
    .filter((line) => /^- `[^`]+`(?: or `[^`]+`)? \(/.test(line));
  const settings = listSettings();
  const expected = [...settings.map(lineOf), ...settings.flatMap(({ keys }) => keys.map(keyLine))];
  const missing = expected.filter((line) => !shown.includes(line));
  deepEqual(missing.map((line) => `add to src/config/README.md: ${line}`), []);
  deepEqual(shown, expected);
});

function lineOf(setting: SettingInfo): string {
  const names = [setting.path, ...setting.flag === undefined ? [] : [`--${setting.flag}`]];
  const standard = setting.default === "" ? "" : `; ${code(setting.default)}`;
  return `- ${names.map(code).join(" or ")} (${
    brief(setting.expected)
  }${standard}): ${setting.help}`;
}

/** What a value must be, as short as a list wants it. */
function brief(expected: string): string {
  return expected.replace(/^a whole number from (\S+) to (\S+)$/, "$1–$2")
    .replace(/^a number of seconds from (\S+) to (\S+)$/, "$1–$2 s")
    .replace(/^a number from (\S+) to (\S+)$/, "$1–$2")
    .replace(/^a path without a leading ~$/, "path")
    .replace(/^a workflow name \(.*\)$/, "name")
    .replace(/^a list, each entry a map with .*$/, "list of maps")
    .replace("a file name with {job_id} and optionally ", "{job_id}, optionally ");
}

Deno.test("the variables of a setting are named after its path and its flag, as README.md says", () => {
  for (const { path, flag, variables, keys } of listSettings()) {
    if (keys.length > 0) continue; // Only a file can hold maps.
    const names = flag === undefined ? [path] : [path, flag];
    const expected = names.map((name) => `DGX_PIXELS_${name.toUpperCase().replace(/[.-]/g, "_")}`);
    deepEqual(variables, [...new Set(expected)]);
  }
});

function keyLine({ key, expected, isRequired, default: standard, help }: KeyInfo): string {
  const absent = isRequired ? "must be given" : standard;
  return `- ${code(key)} (${brief(expected)}${absent === "" ? "" : `; ${absent}`}): ${help}`;
}

function code(text: string): string {
  return "`" + text + "`";
}
