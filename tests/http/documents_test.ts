import assert from "node:assert/strict";
import { tempDir } from "../support/temp_dir.ts";
import { httpSetup } from "./support.ts";

const README = new URL("../../src/http/README.md", import.meta.url);

Deno.test("the curl examples of the documents work as they stand, one after the other", async () => {
  const text = await Deno.readTextFile(README);
  const [, script] = /```sh\n(curl[^`]+)```/.exec(text) ?? [];
  assert.ok(script !== undefined);
  await using dir = await tempDir();
  await using setup = await httpSetup();
  const command = new Deno.Command("bash", {
    args: ["-euo", "pipefail", "-c", script.replaceAll("http://127.0.0.1:8080", setup.url)],
    cwd: dir.path,
  });
  const { code, stdout, stderr } = await command.output();
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 0, said + new TextDecoder().decode(stderr));
  assert.match(said, /"job_id":"knight"[^]*event: job_complete[^]*dgx_pixels_jobs_ended_total/);
  const image = await Deno.readFile(`${dir.path}/knight.png`);
  assert.equal(new TextDecoder().decode(image.subarray(1, 4)), "PNG");
});
