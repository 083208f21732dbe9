import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { listSettings } from "../../../src/config/mod.ts";
import { ConfigError } from "../../../src/errors.ts";
import { SERVER_CASES } from "../cases.ts";
import { failure, load, PLAIN_SETTINGS } from "../support.ts";

/** Files with one fault each, and the whole message about it. */
const FAULTS: Record<string, [yaml: string, code: string, message: string]> = {
  "a tab": [
    "zmq:\n\treq_rep_addr: x\n",
    "unreadable",
    "config.yaml:2:1: not valid YAML: Tabs are not allowed as indentation",
  ],
  "an open bracket": [
    "comfyui:\n  api_url: [http://a\nworker:\n",
    "unreadable",
    "config.yaml:3:1: not valid YAML: Flow sequence in block collection must be sufficiently " +
    "indented and end with a ]",
  ],
  "an open quote": [
    'worker:\n  db: "x\n',
    "unreadable",
    'config.yaml:3:1: not valid YAML: Missing closing "quote',
  ],
  "two documents": [
    "worker:\n---\nworker:\n",
    "unreadable",
    "config.yaml:2:1: not valid YAML: only one document is allowed",
  ],
  "brackets without end": [
    "a: " + "[".repeat(100_000),
    "unreadable",
    "config.yaml:1:COLUMN: not valid YAML: nested too deeply",
  ],
  "a file of a wrong kind": [
    "x".repeat(262_145),
    "unreadable",
    "Configuration file config.yaml is longer than 262144 characters; check its name",
  ],
  "a list for a file": [
    "# settings\n- worker\n",
    "invalid_value",
    "config.yaml:2:1: the file must be a map of sections, got a list",
  ],
  "a word for a file": [
    "hello",
    "invalid_value",
    'config.yaml:1:1: the file must be a map of sections, got "hello"',
  ],
  "a list for a section": [
    "worker:\n  - db\n",
    "invalid_value",
    "config.yaml:1:1: worker must be a map of settings, got a list",
  ],
  "a map for a value": [
    "worker:\n  db:\n    path: x\n",
    "invalid_value",
    "config.yaml:3:5: worker.db must be a plain value, got a map",
  ],
  "a map in a list": [
    "comfyui:\n  api_url:\n    - http://a\n    - url: http://b\n",
    "invalid_value",
    "config.yaml:4:7: comfyui.api_url must be a plain value, got a map",
  ],
  "a null in a list": [
    "comfyui: { api_url: [http://a, ~] }",
    "invalid_value",
    "config.yaml:1:32: comfyui.api_url must be a plain value, got nothing",
  ],
  "a wrong entry of a list": [
    "comfyui:\n  api_url:\n    - http://a\n    - b\n",
    "invalid_value",
    'config.yaml:4:7: comfyui.api_url must be a URL such as http://host:port, got "b"',
  ],
  "a key twice": [
    "worker:\n  db: a\n  db: b\n",
    "invalid_value",
    "config.yaml:3:3: worker.db stands at config.yaml:2:3 too; remove one of them",
  ],
  "a section twice": [
    "worker:\n  db: a\noutput:\nworker:\n  db: b\n",
    "invalid_value",
    "config.yaml:4:1: worker stands at config.yaml:1:1 too; remove one of them",
  ],
  "an unknown key twice": [
    "worker: { x: 1, x: 2 }",
    "invalid_value",
    "config.yaml:1:17: worker.x stands at config.yaml:1:11 too; remove one of them",
  ],
  "a key that is a list": [
    "? [worker]\n: 1\n",
    "invalid_value",
    "config.yaml:1:3: a key must be a plain name, got a list",
  ],
  "a key that is null": [
    "worker:\n  ~: 1\n",
    "invalid_value",
    "config.yaml:2:3: a key must be a plain name, got nothing",
  ],
  "a key that is an alias": [
    "worker: &a x\n*a : 1\n",
    "invalid_value",
    'config.yaml:1:1: worker must be a map of settings, got "x"\n' +
    "config.yaml:2:1: a key must be a plain name, got an alias",
  ],
  "an alias of nothing": [
    "worker:\n  db: *gone\n",
    "invalid_value",
    "config.yaml:2:7: alias *gone has no anchor above it",
  ],
  "an alias of itself": [
    "worker: &a\n  db: *a\n",
    "invalid_value",
    "config.yaml:2:7: worker.db must be a plain value, got a map",
  ],
  "a tag that wants interpolation": [
    "worker:\n  db: !env DB\n",
    "invalid_value",
    'config.yaml:2:12: worker.db must be a plain value, got a value tagged "!env"',
  ],
  "a binary value": [
    "worker:\n  db: !!binary aGk=\n",
    "invalid_value",
    'config.yaml:2:16: worker.db must be a plain value, got a value tagged "tag:yaml.org,2002:binary"',
  ],
  "a duration of YAML 1.1": [
    "%YAML 1.1\n---\ncomfyui:\n  timeout_s: 5:00\n",
    "invalid_value",
    'config.yaml:4:14: comfyui.timeout_s must be a number of seconds from 0.1 to 86400, got "5:00"',
  ],
  "Windows line ends": [
    "worker:\r\n  queue_max_size: many\r\n",
    "invalid_value",
    'config.yaml:2:19: worker.queue_max_size must be a whole number from 1 to 10000000, got "many"',
  ],
  "a byte order mark": [
    "\ufeffworker: { queue_max_size: many }",
    "invalid_value",
    'config.yaml:1:27: worker.queue_max_size must be a whole number from 1 to 10000000, got "many"',
  ],
  "a wrong value behind an alias": [
    "worker:\n  db: &many many\n  queue_max_size: *many\n",
    "invalid_value",
    'config.yaml:3:19: worker.queue_max_size must be a whole number from 1 to 10000000, got "many"',
  ],
};

for (const [name, [yaml, code, message]] of Object.entries(FAULTS)) {
  Deno.test(`the file reader names the place of ${name}`, async () => {
    const error = await failure({ yaml });
    equal(error.message.replace(/:1:\d{3,}:/, ":1:COLUMN:"), message);
    equal(error.code, code);
  });
}

/** Files with one key that has no effect, and the warning about it. */
const UNKNOWN: [yaml: string, warning: string][] = [
  [
    "zmq:\n\n  req_addr: x",
    "config.yaml:3:3: unknown key zmq.req_addr; did you mean zmq.req_rep_addr?",
  ],
  ["comfyui: {url: x}", "config.yaml:1:11: unknown key comfyui.url; did you mean comfyui.api_url?"],
  [
    "worker: {Queue_Max_Sise: 1}",
    "config.yaml:1:10: unknown key worker.Queue_Max_Sise; did you mean worker.queue_max_size?",
  ],
  [
    "worker: {output_dir: x}",
    "config.yaml:1:10: unknown key worker.output_dir; did you mean output.output_dir?",
  ],
  [
    "worker: {outputs_dir: x}",
    "config.yaml:1:10: unknown key worker.outputs_dir; did you mean output.output_dir?",
  ],
  ["Worker: {db: x}", "config.yaml:1:1: unknown key Worker; did you mean worker?"],
  ["outputs: {}", "config.yaml:1:1: unknown key outputs; did you mean output?"],
  ["output_dir: x", "config.yaml:1:1: unknown key output_dir; did you mean output.output_dir?"],
  [
    "worker.db: x",
    "config.yaml:1:1: unknown key worker.db; write db on a line of its own below worker",
  ],
  [
    "zmq: {xyzzy_plugh_: 1}",
    "config.yaml:1:7: unknown key zmq.xyzzy_plugh_; the known ones are zmq.req_rep_addr, zmq.pub_sub_addr, zmq.curve_key, zmq.curve_clients, zmq.server_key, zmq.allow_insecure_bind, zmq.max_connections",
  ],
  [
    "xyzzyx: 1",
    "config.yaml:1:1: unknown key xyzzyx; the known ones are zmq, http, webhooks, comfyui, executor, worker, workflows, input, output, s3, palettes, models, logging",
  ],
  [
    "<<: {worker: {db: x}}",
    'config.yaml:1:1: unknown key "<<"; the known ones are zmq, http, webhooks, comfyui, executor, worker, workflows, input, output, s3, palettes, models, logging',
  ],
  [
    "logging:\n  format: '[%(asctime)s]'",
    "config.yaml:2:3: unknown key logging.format; did you mean logging.line_format?",
  ],
  [
    'worker: {"\\e[2J": 1}',
    'config.yaml:1:10: unknown key "worker.\\u001b[2J"; the known ones are worker.max_concurrent_jobs, worker.max_retries, worker.queue_max_size, worker.cleanup_age_s, worker.db, worker.name, worker.peer_addr, worker.drain_timeout_s, worker.progress_per_s',
  ],
];

for (const [yaml, warning] of UNKNOWN) {
  Deno.test(`the file reader warns of an unknown key in ${JSON.stringify(yaml)}`, async () => {
    const { warnings, config } = await load({ yaml });
    deepEqual(warnings, [warning]);
    deepEqual(config, (await load()).config);
  });
}

Deno.test("the file reader does not compare a name of absurd length", async () => {
  const { warnings } = await load({ yaml: `worker: {${"x".repeat(100_000)}: 1}` });
  ok(warnings[0]!.length < 350);
  const words = await load({ yaml: `worker: {${Array(30).fill("db").join("_")}: 1}` });
  match(words.warnings[0]!, /; the known ones are /);
});

Deno.test("the file reader takes files that say nothing", async () => {
  for (
    const yaml of [
      ...["", "\n", "# only a comment\n", "---\n", "--- ~\n...\n", "null", "{}", "\ufeff"],
      "\ufeff# worker:\r\n#   db: x\r\n\r\n  \t# indented",
    ]
  ) {
    const { config, warnings } = await load({ yaml });
    deepEqual(config, (await load()).config, JSON.stringify(yaml));
    deepEqual(warnings, []);
  }
});

Deno.test("the file reader keeps the text of values that YAML would convert", async () => {
  const { config } = await load({
    yaml: [
      "worker: { db: 1.10, queue_max_size: '50' }",
      "output: { output_dir: 0x1F, keep_previews: yes }",
      "models: { lora_dir: true, vae_dir: 2020-01-01, checkpoint_dir: !!str 007 }",
      "logging: { file: no }",
    ].join("\n"),
  });
  equal(config.worker.dbPath, "1.10");
  equal(config.worker.queueMaxSize, 50);
  deepEqual(config.output, { ...config.output, dir: "0x1F", keepPreviews: true });
  const { extraModelPaths: _none, ...dirs } = config.models;
  deepEqual(dirs, { loraDir: "true", vaeDir: "2020-01-01", checkpointDir: "007" });
  equal(config.logging.file, "no");
});

Deno.test("the file reader follows aliases of values, sections and list entries", async () => {
  const { config, origins } = await load({
    yaml: [
      "models: &all",
      "  lora_dir: &dir /srv/models",
      "  vae_dir: *dir",
      "  checkpoint_dir: *dir",
      "comfyui: { api_url: [&a http://a, http://b] }",
      "zmq: &sockets { pub_sub_addr: tcp://*:6000 }",
      "workflows: *all",
    ].join("\n"),
  });
  equal(config.models.vaeDir, "/srv/models");
  deepEqual(config.comfyui.servers.map(({ url }) => url), ["http://a", "http://b"]);
  deepEqual(origins.get("models.vae_dir"), {
    type: "file",
    file: "config.yaml",
    line: 3,
    column: 12,
  });
});

Deno.test("the file reader expands no alias bomb", async () => {
  const levels = Array.from({ length: 30 }, (_, index) => {
    const below = index === 0 ? "lol" : Array(9).fill(`*l${index - 1}`).join(", ");
    return `l${index}: &l${index} [${below}]`;
  });
  const bomb = levels.join("\n") + "\nworker: { db: *l29 }\ncomfyui: { api_url: *l29 }\n";
  const { message } = await failure({ yaml: bomb });
  match(message, /^config\.yaml:30:12: worker\.db must be a plain value, got a list$/m);
  match(message, /^config\.yaml:30:12: comfyui\.api_url must be a plain value, got a list$/m);
});

Deno.test("the file reader looks through thousands of aliases once", async () => {
  const aliases = "*a, ".repeat(50_000);
  const yaml = `worker: { db: &a x }\ncomfyui: { api_url: [${aliases}] }`;
  const { message } = await failure({ yaml });
  equal(message, "config.yaml:2:21: comfyui.api_url must have 1 to 64 entries, got 50000");
});

Deno.test("the file reader takes an established file, with warnings where it has no effect", async () => {
  const path = new URL("../fixtures/established.yaml", import.meta.url);
  const { config, warnings } = await load({ yaml: await Deno.readTextFile(path) });
  equal(config.comfyui.retryDelayMs, 2000);
  equal(config.workflows.defaultWorkflow, "sprite_optimized");
  equal(config.output.filenamePattern, "{job_id}_{timestamp}");
  equal(config.models.vaeDir, "/srv/models/vae");
  deepEqual(config.logging, { level: "info", file: undefined, format: "auto" });
  deepEqual(warnings.map((warning) => /unknown key ([\w.]+);/.exec(warning)?.[1]), [
    "zmq.bind_address",
    "comfyui.poll_interval_ms",
    "logging.format",
    "development",
  ]);
});

/** Texts that look like a configuration, and like an attack on one. */
const fragments = fc.constantFrom(
  ...listSettings().flatMap((
    { path, keys },
  ) => [...path.split("."), ...keys.map(({ key }) => key)]),
  ...[
    "&a ",
    "*a",
    "- ",
    "? ",
    ": ",
    ":\n  ",
    "\n",
    "\n  ",
    "\n    ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "|\n",
    ">-\n",
  ],
  ...[
    "'",
    '"',
    "#",
    "!!str ",
    "!!map ",
    "!x ",
    "~",
    "null",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! x\n",
  ],
  ...[
    "\t",
    "\u0000",
    "\ufeff",
    "\r",
    "<<",
    "__proto__",
    "constructor",
    "1e9",
    "-1",
    "true",
    "http://a",
  ],
);
const hostileServers = fc.array(
  fc.dictionary(
    fc.constantFrom(...Object.keys(SERVER_CASES), "x"),
    fc.oneof(fc.string({ unit: "binary" }), fc.webUrl(), fc.double(), fc.anything()),
  ),
).map((servers) => `comfyui: { servers: ${JSON.stringify(servers)} }`);
const hostileYaml = fc.oneof(
  hostileServers,
  fc.string({ unit: "binary" }),
  fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join("")),
  fc.array(fc.tuple(fc.constantFrom(...listSettings()), fc.string({ unit: "binary" }))).map((
    entries,
  ) =>
    entries.map(([{ path }, text]) => `${path.replace(".", ": {")}: ${JSON.stringify(text)}}`).join(
      "\n",
    )
  ),
);

Deno.test("loadConfig() throws nothing but ConfigError, whatever the file holds", async () => {
  await fc.assert(
    fc.asyncProperty(hostileYaml, async (yaml) => {
      const outcome = await load({ yaml }).catch((error: unknown) => error);
      if (outcome instanceof Error) ok(outcome instanceof ConfigError, String(outcome.stack));
    }),
    { numRuns: 1500 },
  );
});

Deno.test("loadConfig() throws nothing but ConfigError, whatever flags and variables hold", async () => {
  const texts = fc.string({ unit: "binary" });
  const settings = fc.constantFrom(...PLAIN_SETTINGS);
  await fc.assert(
    fc.asyncProperty(settings, settings, texts, texts, async (one, other, text, more) => {
      const flags = one.flag === undefined ? {} : { [one.flag]: [text] };
      const env = { [other.variables[0]!]: more };
      const outcome = await load({ flags, env }).catch((error: unknown) => error);
      if (outcome instanceof Error) ok(outcome instanceof ConfigError, String(outcome.stack));
    }),
    { numRuns: 1500 },
  );
});
