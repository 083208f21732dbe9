import { deepEqual, equal, match } from "node:assert/strict";
import { loadConfig } from "../../src/config/mod.ts";
import { addExtraDirs } from "../../src/config/extra_dirs.ts";
import { readExtraPaths } from "../../src/config/extra_paths.ts";
import { tempDir } from "../support/temp_dir.ts";
import { load } from "./support.ts";

const NO_DIRS = { checkpoint: [], lora: [], vae: [] };
const FILE = "/comfy/extra_model_paths.yaml";

async function read(text: string, env: Record<string, string> = {}) {
  const { dirs, warnings } = await readExtraPaths(FILE, {
    readTextFile: () => Promise.resolve(text),
    env: (name) => env[name],
  });
  return { dirs: addExtraDirs(NO_DIRS, dirs), warnings };
}

/** What ComfyUI 0.3.64 makes of these, by its own `load_extra_path_config`. */
const AS_COMFYUI: Record<string, { yaml: string; dirs: Record<string, string[]> }> = {
  "folders below the base, one a line": {
    yaml: [
      "a111:",
      "    base_path: /sd/",
      "    checkpoints: models/Stable-diffusion",
      "    loras: |",
      "         models/Lora",
      "",
      "         models/LyCORIS/",
      "    vae: models//VAE/../VAE",
    ].join("\n"),
    dirs: {
      checkpoint: ["/sd/models/Stable-diffusion"],
      lora: ["/sd/models/Lora", "/sd/models/LyCORIS"],
      vae: ["/sd/models/VAE"],
    },
  },
  "a base and folders relative to the file": {
    yaml: "x: { base_path: ../shared, checkpoints: ckpt }\ny: { loras: my/loras, vae: /abs/vae }",
    dirs: { checkpoint: ["/shared/ckpt"], lora: ["/comfy/my/loras"], vae: ["/abs/vae"] },
  },
  "a base that is the file's own folder": {
    yaml: "x: { base_path: '', checkpoints: ckpt, vae: . }",
    dirs: { checkpoint: ["/comfy/ckpt"], vae: ["/comfy"] },
  },
  "an absolute folder in spite of a base": {
    yaml: "x: { base_path: /sd, checkpoints: /elsewhere/ckpt }",
    dirs: { checkpoint: ["/elsewhere/ckpt"] },
  },
  "home and variables in the base": {
    yaml: "x: { base_path: ~/sd, vae: v }\ny: { base_path: '$DATA/${SUB}x', vae: v }",
    dirs: { vae: ["/home/me/sd/v", "/data/deepx/v"] },
  },
  "the default's folders first, the last default before all": {
    yaml: [
      "a: { base_path: /a, vae: v }",
      "b: { base_path: /b, is_default: true, vae: v }",
      "c: { base_path: /c, is_default: yes, vae: v }",
      "d: { base_path: /d, is_default: no, vae: v }",
      "e: { base_path: /a, is_default: 'false', vae: v }",
    ].join("\n"),
    dirs: { vae: ["/a/v", "/c/v", "/b/v", "/d/v"] },
  },
  "other kinds of models, and sections without anything": {
    yaml: "x:\ny: { base_path: /y, unet: u, clip: c, diffusion_models: d, made_up: m, vae: v }",
    dirs: { vae: ["/y/v"] },
  },
  "anchors, merged maps and a key that stands twice": {
    yaml: "b: &b { base_path: /b, vae: v }\nc: { <<: *b, loras: l, loras: last }",
    dirs: { vae: ["/b/v"], lora: ["/b/last"] },
  },
};

for (const [title, { yaml, dirs }] of Object.entries(AS_COMFYUI)) {
  Deno.test(`readExtraPaths() finds, as ComfyUI does, ${title}`, async () => {
    const env = { HOME: "/home/me", DATA: "/data", SUB: "deep" };
    const found = await read(yaml, env);
    deepEqual(found.dirs, { ...NO_DIRS, ...dirs });
    deepEqual(found.warnings, []);
  });
}

Deno.test("readExtraPaths() warns of what it leaves out, with the remedy", async () => {
  const cases: [yaml: string, warning: RegExp][] = [
    ["a: {", /^Cannot read .*extra_model_paths.yaml as YAML: .*; mend or remove it, then start/],
    ["--- a\n--- b", /as YAML: .*; mend or remove it/],
    ["", /yaml: it names no folder of checkpoints, loras or vae, so it has no effect$/],
    ["a: { unet: u }", /it names no folder/],
    ["- a", /yaml: it must be a map of sections/],
    ["a: b", /yaml: section "a" must be a map of folders; it has no effect$/],
    ["a: { vae: [x, y] }", /vae of section "a" must be text, one folder a line/],
    ["a: { base_path: , vae: v }", /base_path of section "a" must be text/],
    ["a: { base_path: ~/x, vae: v }", /needs the variable HOME, .*--allow-env=HOME.*write it out/],
    ["a: { base_path: '$A/${B}', vae: v }", /needs the variable A and B, .*--allow-env=A,B/],
    ["a: { base_path: ~you/x, vae: v }", /begins with another user's ~; write it out/],
    [
      "x".repeat(262_145),
      /^Cannot read .*: it is longer than 262144 characters; mend or remove it/,
    ],
    ["a: ".repeat(20_000), /^Cannot read .*; mend or remove it/],
    ["a: " + "[".repeat(20_000), /^Cannot read .*; mend or remove it/],
  ];
  for (const [yaml, warning] of cases) {
    const { dirs, warnings } = await read(yaml);
    deepEqual(dirs, NO_DIRS, yaml.slice(0, 80));
    equal(warnings.length, 1, yaml.slice(0, 80));
    match(warnings[0] ?? "", warning);
    equal(warnings[0]?.includes("\n"), false);
  }
});

Deno.test("readExtraPaths() keeps the sections that are right beside one that is wrong", async () => {
  const { dirs, warnings } = await read("a: 5\nb: { vae: [] , loras: l }");
  deepEqual(dirs, { ...NO_DIRS, lora: ["/comfy/l"] });
  equal(warnings.length, 2);
});

Deno.test("readExtraPaths() takes no name from a prototype", async () => {
  const { dirs, warnings } = await read("__proto__: { vae: v }\nconstructor: { __proto__: p }");
  deepEqual(dirs, { ...NO_DIRS, vae: ["/comfy/v"] });
  deepEqual(warnings, []);
});

Deno.test("addExtraDirs() puts default folders before those that were known, others behind", () => {
  const dirs = addExtraDirs({ ...NO_DIRS, lora: ["/main"] }, [
    { type: "lora", path: "/more", isDefault: false },
    { type: "lora", path: "/first", isDefault: true },
    { type: "lora", path: "/main", isDefault: false },
  ]);
  deepEqual(dirs.lora, ["/first", "/main", "/more"]);
});

Deno.test("the folders of each server's files stand in its settings", async () => {
  const { config, warnings } = await load({
    yaml: [
      "models: { lora_dir: /main, extra_model_paths: [a.yaml, missing.yaml] }",
      "comfyui: { servers: [{ url: http://a }, { url: http://b, extra_model_paths: dir/b.yaml }] }",
    ].join("\n"),
    files: { "a.yaml": "a: { loras: a }", "dir/b.yaml": "b: { loras: b, is_default: true }" },
  });
  const dirs = config.comfyui.servers.map(({ modelDirs }) => modelDirs.lora);
  deepEqual(dirs, [["/main", "a"], ["dir/b", "/main"]]);
  deepEqual(warnings, [
    "Cannot read missing.yaml: no such file; mend or remove it, then start the worker again; " +
    "until then it has no effect",
  ]);
});

Deno.test("a file of model folders is read from disk", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(
    `${dir.path}/extra.yaml`,
    "\ufeffmine:\r\n  vae: |\r\n    v\r\n    w\r\n",
  );
  const flags = { "extra-model-paths": [`${dir.path}/extra.yaml`, dir.path] };
  const { config, warnings } = await loadConfig({ flags, env: () => undefined });
  const [server] = config.comfyui.servers;
  deepEqual(server?.modelDirs.vae, [`${dir.path}/v`, `${dir.path}/w`]);
  equal(warnings.length, 1);
  match(warnings[0] ?? "", /^Cannot read .*: it is a directory; /);
});
