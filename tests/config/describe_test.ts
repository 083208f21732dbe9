import { deepEqual, equal } from "node:assert/strict";
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
    describeConfig(first).map(({ path, value }) => {
      return [listSettings().find((setting) => setting.path === path)!.variables[0]!, value];
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
