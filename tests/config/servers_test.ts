import { deepEqual, equal, ok } from "node:assert/strict";
import {
  defaultServer,
  formatOrigin,
  listSettings,
  type ServerConfig,
} from "../../src/config/mod.ts";
import { SERVER_CASES } from "./cases.ts";
import { failure, load } from "./support.ts";

const KEYS = listSettings().flatMap(({ keys }) => keys);

/** The servers of a file. */
async function serversOf(yaml: string): Promise<readonly ServerConfig[]> {
  const { config, warnings } = await load({ yaml });
  deepEqual(warnings, []);
  return config.comfyui.servers;
}

/** A file with one server. */
function yamlOfServer(pairs: Readonly<Record<string, string>>): string {
  return "comfyui:\n  servers:\n    - " +
    Object.entries(pairs).map(([key, text]) => `${key}: ${text}\n`).join("      ");
}

Deno.test("every key of a server has a case, and every case a key", () => {
  deepEqual(Object.keys(SERVER_CASES), KEYS.map(({ key }) => key));
});

for (const { key, expected } of KEYS) {
  const { field, good, bad } = SERVER_CASES[key]!;
  const others: Record<string, string> = key === "url" ? {} : { url: "http://gpu" };

  Deno.test(`comfyui.servers.${key} takes every good value`, async () => {
    for (const [text, value] of good) {
      const yaml = yamlOfServer({ [key]: JSON.stringify(text), ...others });
      const [server, ...more] = await serversOf(yaml);
      deepEqual(server?.[field], value, text);
      equal(more.length, 0);
    }
  });

  Deno.test(`comfyui.servers.${key} refuses every bad value`, async () => {
    for (const text of bad) {
      const error = await failure({
        yaml: yamlOfServer({ [key]: JSON.stringify(text), ...others }),
      });
      equal(error.code, "invalid_value");
      const must = `config.yaml:3:${
        key.length + 9
      }: comfyui.servers.${key} must be ${expected}, got `;
      ok(error.message.startsWith(must), `${error.message} | ${must}`);
      equal(error.message.split("\n").length, 1);
    }
  });
}

Deno.test("a server has defaults for everything but its URL", async () => {
  deepEqual(await serversOf(yamlOfServer({ url: "https://me:pass@gpu:8188/comfy/" })), [{
    url: "https://me:pass@gpu:8188/comfy",
    name: "gpu:8188/comfy",
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
  }]);
  const yaml =
    "comfyui: { servers: [{ url: http://a, name: , weight: &no ~, lora_dir: *no, vae_dir: null }] }";
  deepEqual(await serversOf(yaml), [defaultServer("http://a")]);
});

Deno.test("a server that names no model directories has those for all", async () => {
  const models = "models: { checkpoint_dir: /c, lora_dir: /l }\n";
  const servers = await serversOf(
    models + "comfyui: { servers: [{ url: http://a, lora_dir: /mine }, { url: http://b }] }",
  );
  deepEqual(servers.map(({ checkpointDir }) => checkpointDir), ["/c", "/c"]);
  deepEqual(servers.map(({ loraDir }) => loraDir), ["/mine", "/l"]);
  deepEqual(servers.map(({ vaeDir }) => vaeDir), [undefined, undefined]);
  const [only] = await serversOf(models);
  equal(only?.checkpointDir, "/c");
  deepEqual(only?.modelDirs, { checkpoint: ["/c"], lora: ["/l"], vae: [] });
});

Deno.test("a server may be an alias, and so may its values", async () => {
  const servers = await serversOf([
    "models: { lora_dir: &dir /srv/loras }",
    "comfyui:",
    "  servers: &all",
    "    - &one { url: http://a, checkpoint_dir: *dir }",
    "    - { url: http://b, checkpoint_dir: *dir }",
  ].join("\n"));
  deepEqual(servers.map(({ checkpointDir }) => checkpointDir), ["/srv/loras", "/srv/loras"]);
});

/** Files with servers that make no sense, and the whole message about them. */
const FAULTS: Record<string, [yaml: string, message: string]> = {
  "no list but a URL": [
    "comfyui:\n  servers: http://a\n",
    "config.yaml:2:12: comfyui.servers must be a list, each entry a map with url and optionally " +
    'name, token, token_file, headers, weight, max_in_flight, checkpoint_dir, lora_dir, vae_dir and extra_model_paths, got "http://a"',
  ],
  "no list but a map": [
    "comfyui:\n  servers:\n    url: http://a\n",
    "config.yaml:3:5: comfyui.servers must be a list, each entry a map with url and optionally " +
    "name, token, token_file, headers, weight, max_in_flight, checkpoint_dir, lora_dir, vae_dir and extra_model_paths, got a map",
  ],
  "an empty list": [
    "comfyui:\n  servers: []\n",
    "config.yaml:2:12: comfyui.servers must have 1 to 64 entries, got 0",
  ],
  "too many of them": [
    `comfyui:\n  servers:\n${
      Array.from({ length: 65 }, (_, index) => `  - url: http://gpu${index}\n`).join("")
    }`,
    "config.yaml:3:3: comfyui.servers must have 1 to 64 entries, got 65",
  ],
  "an entry that is a URL": [
    "comfyui:\n  servers:\n    - url: http://a\n    - http://b\n",
    "config.yaml:4:7: an entry of comfyui.servers must be a map with url and optionally name, " +
    'token, token_file, headers, weight, max_in_flight, checkpoint_dir, lora_dir, vae_dir and extra_model_paths, got "http://b"',
  ],
  "an entry that is nothing": [
    "comfyui:\n  servers: [~, { url: http://a }]\n",
    "config.yaml:2:13: an entry of comfyui.servers must be a map with url and optionally name, " +
    "token, token_file, headers, weight, max_in_flight, checkpoint_dir, lora_dir, vae_dir and extra_model_paths, got nothing",
  ],
  "an entry without URL": [
    "comfyui:\n  servers:\n    - name: a\n    - { url: , weight: 2 }\n",
    "config.yaml:3:7: comfyui.servers.url must be a URL such as http://host:port, got nothing\n" +
    "config.yaml:4:7: comfyui.servers.url must be a URL such as http://host:port, got nothing",
  ],
  "a list for a value": [
    "comfyui:\n  servers:\n    - url: [http://a]\n",
    "config.yaml:3:12: comfyui.servers.url must be a plain value, got a list",
  ],
  "several faults": [
    "comfyui:\n  servers:\n    - url: a\n      weight: 0\n    - url: http://b\n      max_in_flight: x\n",
    'config.yaml:3:12: comfyui.servers.url must be a URL such as http://host:port, got "a"\n' +
    'config.yaml:4:15: comfyui.servers.weight must be a number from 0.01 to 1000, got "0"\n' +
    'config.yaml:6:22: comfyui.servers.max_in_flight must be a whole number from 1 to 64, got "x"',
  ],
  "a URL twice": [
    "comfyui:\n  servers:\n    - url: http://a\n      name: x\n    - name: y\n      url: HTTP://a/\n",
    'config.yaml:6:12: comfyui.servers.url must not be that of config.yaml:3:12, got "http://a" ' +
    "for both",
  ],
  "a name twice": [
    "comfyui:\n  servers:\n    - { url: http://a, name: x }\n    - { url: http://b, name: x }\n",
    'config.yaml:4:30: comfyui.servers.name must not be that of config.yaml:3:30, got "x" for both',
  ],
  "a name that another server has by default": [
    "comfyui:\n  servers:\n    - { url: http://a }\n    - { url: http://b, name: a }\n",
    'config.yaml:4:30: comfyui.servers.name must not be that of config.yaml:3:7, got "a" for both',
  ],
  "two default names that are one": [
    "comfyui:\n  servers:\n    - { url: http://a }\n    - { url: https://a }\n",
    'config.yaml:4:7: comfyui.servers.name must not be that of config.yaml:3:7, got "a" for both',
  ],
  "a secret in a wrong URL": [
    "comfyui: { servers: [{ url: 'http://me:pass@gpu:x' }] }",
    "config.yaml:1:29: comfyui.servers.url must be a URL such as http://host:port, got " +
    '"http://***@gpu:x"',
  ],
  "a key twice": [
    "comfyui:\n  servers:\n    - url: http://a\n      url: http://b\n",
    "config.yaml:4:7: comfyui.servers.url stands at config.yaml:3:7 too; remove one of them",
  ],
  "an entry twice by alias": [
    "comfyui: { servers: [&a { url: http://a }, *a] }",
    "config.yaml:1:44: comfyui.servers has the entry of config.yaml:1:25 twice",
  ],
  "an alias of nothing": [
    "comfyui: { servers: [*gone, { url: *gone }] }",
    "config.yaml:1:22: alias *gone has no anchor above it\n" +
    "config.yaml:1:36: alias *gone has no anchor above it",
  ],
  "a list in itself": [
    "comfyui: { servers: &all [*all] }",
    "config.yaml:1:27: an entry of comfyui.servers must be a map with url and optionally name, " +
    "token, token_file, headers, weight, max_in_flight, checkpoint_dir, lora_dir, vae_dir and extra_model_paths, got a list",
  ],
  "a map in itself": [
    "comfyui: { servers: [&a { url: *a }] }",
    "config.yaml:1:32: comfyui.servers.url must be a plain value, got a map",
  ],
};

for (const [name, [yaml, message]] of Object.entries(FAULTS)) {
  Deno.test(`comfyui.servers is refused for ${name}`, async () => {
    const error = await failure({ yaml });
    equal(error.message, message);
    equal(error.code, "invalid_value");
  });
}

/** Keys of a server that have no effect, and the warning about them. */
const UNKNOWN: [pair: string, warning: string][] = [
  ["weigth: 2", "comfyui.servers.weigth; did you mean comfyui.servers.weight?"],
  [
    "Max_In_Fligth: 2",
    "comfyui.servers.Max_In_Fligth; did you mean comfyui.servers.max_in_flight?",
  ],
  ["loras_dir: /x", "comfyui.servers.loras_dir; did you mean comfyui.servers.lora_dir?"],
  [
    "xyzzyx: 2",
    "comfyui.servers.xyzzyx; the known ones are comfyui.servers.url, comfyui.servers.name, " +
    "comfyui.servers.token, comfyui.servers.token_file, comfyui.servers.headers, " +
    "comfyui.servers.weight, comfyui.servers.max_in_flight, comfyui.servers.checkpoint_dir, " +
    "comfyui.servers.lora_dir, comfyui.servers.vae_dir, comfyui.servers.extra_model_paths",
  ],
  [
    "<<: { weight: 2 }",
    'comfyui.servers.<<"; the known ones are comfyui.servers.url, comfyui.servers.name, ' +
    "comfyui.servers.token, comfyui.servers.token_file, comfyui.servers.headers, " +
    "comfyui.servers.weight, comfyui.servers.max_in_flight, comfyui.servers.checkpoint_dir, " +
    "comfyui.servers.lora_dir, comfyui.servers.vae_dir, comfyui.servers.extra_model_paths",
  ],
];

for (const [pair, warning] of UNKNOWN) {
  Deno.test(`comfyui.servers warns of ${pair} in an entry`, async () => {
    const yaml = `comfyui:\n  servers:\n    - url: http://a\n      ${pair}\n`;
    const { warnings, config } = await load({ yaml });
    const quoted = warning.includes('"') ? '"' : "";
    deepEqual(warnings, [`config.yaml:4:7: unknown key ${quoted}${warning}`]);
    deepEqual(config.comfyui.servers, [defaultServer("http://a")]);
  });
}

const LISTED = "comfyui:\n  servers:\n    - { url: http://file, name: ours, weight: 3 }\n";

Deno.test("comfyui.servers goes before api_url of the file, which is then without effect", async () => {
  const { config, warnings, origins } = await load({ yaml: LISTED + "  api_url: http://other\n" });
  deepEqual(config.comfyui.servers.map(({ name }) => name), ["ours"]);
  deepEqual(warnings, [
    "config.yaml:4:12: comfyui.api_url has no effect: comfyui.servers (config.yaml:3:5) replaces it",
  ]);
  equal(formatOrigin(origins.get("comfyui.servers")!), "config.yaml:3:5");
  equal(formatOrigin(origins.get("comfyui.api_url")!), "config.yaml:3:5");
});

Deno.test("a flag or a variable with URLs goes before comfyui.servers", async () => {
  const env = { DGX_PIXELS_COMFYUI_API_URL: "http://env:1,http://env:2" };
  const byEnv = await load({ yaml: LISTED, env });
  deepEqual(byEnv.config.comfyui.servers, [
    defaultServer("http://env:1"),
    defaultServer("http://env:2"),
  ]);
  equal(formatOrigin(byEnv.origins.get("comfyui.servers")!), "DGX_PIXELS_COMFYUI_API_URL");
  const byFlag = await load({ yaml: LISTED, env, flags: { "comfyui-url": "http://flag" } });
  deepEqual(byFlag.config.comfyui.servers, [defaultServer("http://flag")]);
  equal(formatOrigin(byFlag.origins.get("comfyui.servers")!), "--comfyui-url");
});

Deno.test("comfyui.servers is checked even where a flag goes before it", async () => {
  const { message } = await failure({
    yaml: "comfyui: { servers: [] }",
    flags: { "comfyui-url": "http://flag" },
  });
  equal(message, "config.yaml:1:21: comfyui.servers must have 1 to 64 entries, got 0");
});

Deno.test("comfyui.servers without a value is not given", async () => {
  deepEqual(await serversOf("comfyui: { servers: , api_url: http://a }"), [
    defaultServer("http://a"),
  ]);
});

Deno.test("URLs that would give two servers one name are refused", async () => {
  const { message } = await failure({ flags: { "comfyui-url": ["http://a", "https://a"] } });
  equal(
    message,
    '--comfyui-url has two servers called "a"; give them names of their own in comfyui.servers',
  );
  const inFile = await failure({ yaml: "comfyui:\n  api_url: [http://a, http://me@a]\n" });
  equal(
    inFile.message,
    'config.yaml:2:12: comfyui.api_url has two servers called "a"; ' +
      "give them names of their own in comfyui.servers",
  );
});

Deno.test("a file with one map a thousand times is read once", async () => {
  const keys = Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join(", ");
  const yaml = `comfyui: { servers: [&a { url: http://a, ${keys} }${", *a".repeat(5000)}] }`;
  const { message } = await failure({ yaml });
  equal(message.split("\n").length, 5000);
});
