/** The client as an npm package: in Node over ZeroMQ and HTTP, in Chromium over HTTP. */

import assert from "node:assert/strict";
import { build, stop, transform } from "esbuild";
import ts from "typescript";
import configFile from "../../deno.json" with { type: "json" };
import { type HttpSetup, httpSetup } from "../http/support.ts";
import { hasChromium, openPage, startBrowser } from "../support/browser.ts";
import { codeBlocks } from "../support/documents.ts";
import { tempDir } from "../support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

async function output(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, `${command} ${args.join(" ")}\n${text(stdout)}\n${text(stderr)}`);
  return text(stdout);
}

/** Whether packages can be had: CI must be able to. */
async function hasNpm(): Promise<boolean> {
  if (Deno.env.get("CI") !== undefined) return true;
  try {
    return (await new Deno.Command("npm", { args: ["ping", "--silent"] }).output()).success;
  } catch {
    return false;
  }
}

/** An empty project of Node with nothing but the tarball. */
async function install(folder: string): Promise<void> {
  const [command = "", ...args] = configFile.tasks["pack:client"].command.split(" ");
  assert.equal(command, "deno");
  const tarball = (await output(Deno.execPath(), [...args, folder], ROOT)).trim();
  await Deno.writeTextFile(`${folder}/package.json`, '{ "type": "module" }');
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
  await output("npm", ["install", ...quiet, tarball], folder);
}

/** The guide's example, asking a worker of the test. */
async function example(reach: string): Promise<string> {
  const path = "src/client/guide.md";
  const text = await Deno.readTextFile(`${ROOT}${path}`);
  const [block] = codeBlocks({ path, text }).filter(({ language }) => language === "ts");
  const code = block!.code.replace(/connect\(\{[^}]*\}\)/, `connect(${reach})`);
  assert.ok(code.includes(reach));
  return code;
}

function overZmq({ worker: { worker: { reqAddress, pubAddress } } }: HttpSetup): string {
  return JSON.stringify({ reqAddress, pubAddress });
}

function told(lines: string): void {
  assert.match(lines, /^initializing 0 %\n/);
  assert.match(lines, /^sampling \d+ %$/m);
  assert.match(lines, /\/[^\n]+\.png, seed \d+\s*$/);
}

/** Complaints of the compiler about programs, with every check on. */
async function complaints(folder: string, programs: readonly string[]): Promise<string[][]> {
  const files = programs.map((_, index) => `${folder}/checked_${index}.ts`);
  for (const [index, file] of files.entries()) await Deno.writeTextFile(file, programs[index]!);
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
    types: [],
    skipDefaultLibCheck: true,
  });
  const found = ts.getPreEmitDiagnostics(program);
  const about = (name: string) =>
    found.filter(({ file }) =>
      file === undefined || !file.fileName.includes("checked_") || file.fileName === name
    )
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  return files.map(about);
}

Deno.test({
  name: "the packed client runs the guide's example in Node and in Chromium (left out without npm)",
  ignore: !await hasNpm(),
  // The compiler and esbuild keep what they have opened.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(test) {
    await using dir = await tempDir();
    const folder = dir.path;
    await install(folder);
    await using setup = await httpSetup({}, { simulator: { stepTimeMs: 5 } });
    const inNode = async (name: string, reach: string): Promise<string> => {
      // What Node 20 cannot read yet is `await using`.
      const { code } = await transform(await example(reach), { loader: "ts", target: "node20" });
      await Deno.writeTextFile(`${folder}/${name}.js`, code);
      return await output("node", [`${name}.js`], folder);
    };
    await test.step("Node, over ZeroMQ", async () => {
      told(await inNode("zmq", overZmq(setup)));
    });
    await test.step("Node, over HTTP", async () => {
      told(await inNode("http", JSON.stringify({ url: setup.url })));
    });
    await test.step("its types say what its functions take and give", async () => {
      const wrong = "import { connect } from '@dgx-pixels/worker/client';\n" +
        "const client = await connect({ url: 'http://x' });\n" +
        "const { imagePath } = await client.generate({ prompt: 5 }).result;\n" +
        "imagePath satisfies number;\nexport {};";
      const right = await example(overZmq(setup));
      const [none, some] = await complaints(folder, [right, wrong]);
      assert.deepEqual(none, []);
      const found = some!.join("\n");
      assert.match(found, /'number' is not assignable to type 'string'/);
      assert.match(found, /'string' does not satisfy the expected type 'number'/);
    });
    await test.step("nothing in it asks for Deno", async () => {
      const home = `${folder}/node_modules/@dgx-pixels/worker`;
      const manifest = JSON.parse(await Deno.readTextFile(`${home}/package.json`));
      assert.equal(manifest.version, configFile.version);
      assert.equal(manifest.license, configFile.license);
      for await (const { name } of Deno.readDir(home)) {
        if (!name.endsWith(".js")) continue;
        assert.doesNotMatch(await Deno.readTextFile(`${home}/${name}`), /\bDeno\b/, name);
      }
    });
    await test.step({
      name: "Chromium, over HTTP",
      ignore: !await hasChromium(),
      fn: () => inChromium(folder),
    });
    await stop();
  },
});

/** A page of another origin, whose script a bundler has made. */
async function inChromium(folder: string): Promise<void> {
  let script = "";
  await using page = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) => {
      const isScript = new URL(url).pathname === "/app.js";
      const type = isScript ? "text/javascript" : "text/html";
      const body = isScript ? script : "<!doctype html><script type=module src=/app.js></script>";
      return new Response(body, { headers: { "content-type": type } });
    },
  );
  const origin = `http://127.0.0.1:${page.addr.port}`;
  const config = `${folder}/config.yaml`;
  await Deno.writeTextFile(config, `http:\n  allowed_origins: ["${origin}"]\n`);
  await using setup = await httpSetup({ config }, { simulator: { stepTimeMs: 5 } });
  const { outputFiles } = await build({
    stdin: {
      contents: await example(JSON.stringify({ url: setup.url })),
      resolveDir: folder,
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  script = outputFiles[0]!.text;
  await using browser = await startBrowser();
  await using opened = await openPage(browser, "about:blank");
  const lines: string[] = [];
  const done = opened.page.waitForEvent("console", (line) => {
    lines.push(line.text());
    return line.text().includes(".png, seed");
  });
  await opened.page.goto(origin);
  await done;
  told(lines.join("\n"));
  assert.deepEqual(opened.faults, []);
}
