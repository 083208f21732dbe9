import assert from "node:assert/strict";
import configFile from "../../deno.json" with { type: "json" };
import { tempDir } from "../support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * `deno compile` needs Deno's runtime `denort`, which it downloads from a host that is out of reach
 * where only the npm registry is. The test runs where it is at hand: in Deno's cache, or named by
 * `DENORT_BIN`.
 */
async function denortPath(): Promise<string | undefined> {
  const named = Deno.env.get("DENORT_BIN");
  if (named !== undefined) return named;
  const output = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(output.stdout));
  const file = `${denoDir}/dl/release/v${Deno.version.deno}/denort-${Deno.build.target}.zip`;
  return await Deno.stat(file).then(() => file, () => undefined);
}

Deno.test({
  name: "The compiled binary generates the demo's image (left out without denort)",
  ignore: await denortPath() === undefined,
  async fn() {
    await using dir = await tempDir();
    const binary = `${dir.path}/dgx-pixels`;
    const [, ...args] = configFile.tasks.compile.command
      .replace("dist/dgx-pixels", binary).split(" ");
    const compiled = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
    assert.equal(compiled.code, 0, new TextDecoder().decode(compiled.stderr));
    const demo = await new Deno.Command(binary, { args: ["demo"], cwd: dir.path }).output();
    assert.match(new TextDecoder().decode(demo.stdout), /^Image: .*\.png$/m);
  },
});
