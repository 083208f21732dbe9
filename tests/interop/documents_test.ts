/** The programs of the documents, run as their readers run them. */

import assert from "node:assert/strict";
import { codeBlocks, readDocuments } from "../support/documents.ts";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { hasPythonClient, PYTHON } from "./python.ts";

/** A program that waits for ever is a failure, and not one to wait for. */
const MOST_MS = 180_000;

/** What the documents' own project has besides the client. */
const OWN_IMPORT = `import { parse } from "csv-parse";
if (parse("a,b")[0][1] !== "b") throw new Error("the project's own dependency does not work");`;

const blocks = (await readDocuments()).flatMap(codeBlocks);
/** What imports nothing is a piece of another program. */
const python = blocks.filter(({ language, code }) =>
  language === "python" && /^import .*\bzmq\b/m.test(code)
);
/** What starts a worker of its own is run by `deno test --doc`. */
const typescript = blocks.filter(({ language, code }) =>
  language === "ts" && code.includes("@dgx-pixels/worker/client") &&
  !code.includes("@dgx-pixels/worker/simulated")
);

Deno.test({
  name: "The Python programs of the documents generate their image",
  ignore: !await hasPythonClient(),
  async fn(t) {
    await using setup = await simulatedWorker();
    assert.ok(python.length >= 2);
    for (const { place, code } of python) {
      await t.step(place, async () => {
        await setup.runProgram(new Deno.Command(PYTHON, command("-c", setup.addressed(code))));
      });
    }
  },
});

Deno.test("The TypeScript programs of the documents generate their image, in a project of their own", async (t) => {
  await using setup = await simulatedWorker();
  const checkout = new URL("../../", import.meta.url).pathname;
  const settings = blocks.filter(({ language, code }) =>
    language === "json" && code.includes('"links"')
  );
  assert.equal(settings.length, 1, "the settings of an own project stand in one place");
  const own = settings[0]!.code.replace("CHECKOUT", checkout);
  await Deno.writeTextFile(`${setup.dir}/deno.json`, own);
  assert.ok(typescript.length >= 2);
  for (const { place, code } of typescript) {
    await t.step(place, async () => {
      const path = `${setup.dir}/program.ts`;
      await Deno.writeTextFile(path, `${OWN_IMPORT}\n${setup.addressed(code)}`);
      const program = new Deno.Command(Deno.execPath(), {
        ...command("run", "--no-prompt", "--allow-ffi", "--allow-read", path),
        cwd: setup.dir,
      });
      await setup.runProgram(program);
    });
  }
});

function command(...args: string[]): Deno.CommandOptions {
  return { args, signal: AbortSignal.timeout(MOST_MS) };
}

/** A worker of its own, since the programs name fixed addresses. */
async function simulatedWorker() {
  await using starting = new AsyncDisposableStack();
  const { path: dir } = starting.use(await tempDir());
  const worker = starting.use(startTask("worker", [
    "--simulate",
    "--req-addr=tcp://127.0.0.1:0",
    "--pub-addr=tcp://127.0.0.1:0",
    `--output-dir=${dir}/output`,
    `--db=${dir}/queue.db`,
  ]));
  const ready = await worker.logged("Worker ready");
  const [requests, updates] = [String(ready?.["requests"]), String(ready?.["updates"])];
  const running = starting.move();
  return {
    dir,
    addressed: (code: string) =>
      code.replaceAll("tcp://127.0.0.1:5555", requests)
        .replaceAll("tcp://127.0.0.1:5556", updates)
        .replaceAll(
          "connect()",
          `connect({ reqAddress: "${requests}", pubAddress: "${updates}" })`,
        ),
    /** Runs it to its end, when there must be one image more. */
    async runProgram(program: Deno.Command): Promise<void> {
      const before = await countImages(`${dir}/output`);
      const { code, stdout, stderr } = await program.output();
      const [said, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assert.equal(code, 0, complaint);
      assert.equal(await countImages(`${dir}/output`), before + 1, said);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function countImages(folder: string): Promise<number> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.filter(({ name }) => name.endsWith(".png")).length;
}
