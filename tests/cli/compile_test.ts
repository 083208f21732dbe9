import assert from "node:assert/strict";
import configFile from "../../deno.json" with { type: "json" };
import { listModules } from "../support/files.ts";
import { sourceFacts } from "../support/source_facts.ts";
import { tempDir } from "../support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const SRC = new URL("../../src/", import.meta.url);

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

async function compile(binary: string, env: Record<string, string> = {}): Promise<void> {
  // Types are checked elsewhere, and take longer than all the rest.
  const [, ...args] = configFile.tasks.compile.command
    .replace("deno compile", "deno compile --no-check").replace("dist/dgx-pixels", binary).split(
      " ",
    );
  const compiled = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env }).output();
  assert.equal(compiled.code, 0, new TextDecoder().decode(compiled.stderr));
}

Deno.test({
  name: "The compiled binary generates the demo's image (left out without denort)",
  ignore: await denortPath() === undefined,
  async fn() {
    await using dir = await tempDir();
    const binary = `${dir.path}/dgx-pixels`;
    await compile(binary);
    const demo = await new Deno.Command(binary, { args: ["demo"], cwd: dir.path }).output();
    assert.match(new TextDecoder().decode(demo.stdout), /^Image: .*\.png$/m);
  },
});

Deno.test({
  name: "The compiled binary has in it each module that is loaded by its address",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await tempDir();
    const binary = `${dir.path}/dgx-pixels`;
    // Any program can stand before the modules, as long as it need not run them.
    await compile(binary, { DENORT_BIN: "/bin/true" });
    const bytes = latin1(await Deno.readFile(binary));
    const isInside = (path: string) =>
      bytes.includes(latin1(Deno.readFileSync(new URL(path, SRC))));
    assert.ok(isInside("main.ts"));
    // A process would be started with Deno itself, which such a binary is not.
    assert.deepEqual((await addressed()).filter((path) => !isInside(path)), [
      "sandbox/process_main.ts",
    ]);
  },
});

/** Modules of src/ that others have the address of. */
async function addressed(): Promise<string[]> {
  const found = (await listModules(SRC)).map(async (path) => {
    const { imports } = sourceFacts(await Deno.readTextFile(new URL(path, SRC)));
    return imports.filter(({ byUrl }) => byUrl)
      .map(({ name }) => new URL(name, `file:///${path}`).pathname.slice(1));
  });
  const paths = [...new Set((await Promise.all(found)).flat())];
  assert.ok(paths.includes("worker/worker.ts"), paths.join());
  return paths;
}

/** Each byte a character, in which texts are found quickly. */
function latin1(bytes: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder("latin1").decode(bytes);
}
