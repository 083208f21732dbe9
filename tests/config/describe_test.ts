import { deepEqual, equal, ok } from "node:assert/strict";
import { describeConfig, listSettings } from "../../src/config/mod.ts";
import { load } from "./support.ts";

Deno.test("describeConfig() shows every setting as an operator would write it", async () => {
  const loaded = await load({
    flags: { "comfyui-timeout": "1.5", simulate: true },
    env: { DGX_PIXELS_COMFYUI_URL: "http://a:1,http://b:2" },
    yaml: "output:\n  output_dir: /srv/out\n",
  });
  const rows = describeConfig(loaded);
  deepEqual(rows.map(({ path }) => path), listSettings().map(({ path }) => path));
  deepEqual(rows.filter(({ origin }) => origin !== "default"), [
    { path: "comfyui.api_url", value: "http://a:1, http://b:2", origin: "DGX_PIXELS_COMFYUI_URL" },
    {
      path: "comfyui.servers",
      value: "[{ url: http://a:1, name: a:1, weight: 1, max_in_flight: 2 }, " +
        "{ url: http://b:2, name: b:2, weight: 1, max_in_flight: 2 }]",
      origin: "DGX_PIXELS_COMFYUI_URL",
    },
    { path: "comfyui.timeout_s", value: "1.5", origin: "--comfyui-timeout" },
    { path: "comfyui.simulate", value: "true", origin: "--simulate" },
    { path: "output.output_dir", value: "/srv/out", origin: "config.yaml:2:15" },
  ]);
  equal(rows.find(({ path }) => path === "models.lora_dir")?.value, "");
});

Deno.test("describeConfig() shows values that loadConfig() takes back unchanged", async () => {
  const first = await load({
    flags: { "comfyui-timeout": "0.25" },
    yaml: "worker: { cleanup_age_s: 86400.5 }\ncomfyui: { api_url: https://gpu/comfy/ }\n",
  });
  const env = Object.fromEntries(
    describeConfig(first).flatMap(({ path, value }) => {
      const { variables: [name] } = listSettings().find((setting) => setting.path === path)!;
      return name === undefined ? [] : [[name, value]];
    }),
  );
  deepEqual((await load({ env })).config, first.config);
});

Deno.test("describeConfig() hides the user and the password of a URL", async () => {
  const loaded = await load({
    flags: { "comfyui-url": ["http://me:s@cret@a:1", "http://token@b"] },
  });
  const row = describeConfig(loaded).find(({ path }) => path === "comfyui.api_url");
  equal(row?.value, "http://***@a:1, http://***@b");
  ok(describeConfig(loaded).every(({ value }) => !/cret|token/.test(value)));
});

Deno.test("describeConfig() shows a list of servers that a file takes back unchanged", async () => {
  const yaml = `
models: { vae_dir: /srv/vae }
comfyui:
  servers:
    - { url: "http://[::1]:1", name: 'null', weight: 0.5, lora_dir: '/a, { "b" }' }
    - { url: http://b/comfy/, name: "#2: \\u00e9", max_in_flight: 7 }
`;
  const first = await load({ yaml });
  const value = describeConfig(first).find(({ path }) => path === "comfyui.servers")!.value;
  const again = await load({ yaml: `comfyui: { servers: ${value} }` });
  deepEqual(again.config.comfyui, first.config.comfyui);
  equal(again.config.comfyui.servers[1]!.name, "#2: é");
});

Deno.test("listSettings() describes flags for a usage line", () => {
  const byPath = new Map(listSettings().map((setting) => [setting.path, setting]));
  const url = byPath.get("comfyui.api_url");
  deepEqual([url?.flag, url?.placeholder, url?.repeatable], ["comfyui-url", "url", true]);
  const simulate = byPath.get("comfyui.simulate");
  deepEqual([simulate?.flag, simulate?.placeholder, simulate?.repeatable], [
    "simulate",
    undefined,
    false,
  ]);
  equal(byPath.get("logging.level")?.placeholder, "debug|info|warn|error");
  equal(byPath.get("comfyui.timeout_s")?.default, "300");
});
