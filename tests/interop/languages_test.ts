/** A client in each language that the documents show, run against a worker as its users run it. */

import assert from "node:assert/strict";
import { readSecretKey, writeKeyFiles } from "../../src/keys/mod.ts";
import { decodePng } from "../../src/images/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { generateCurveKeys, zmqTransport } from "../../src/transport/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { codeBlocks, readDocuments } from "../support/documents.ts";
import { tempDir } from "../support/temp_dir.ts";
import { testConfig } from "../support/worker.ts";
import { type Language, LANGUAGES } from "./languages.ts";

const FOLDER = new URL("../../src/client/languages/", import.meta.url);
/** A program that waits for ever is a failure, and not one to wait for. */
const MOST_MS = 180_000;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function shell(line: string, cwd: string): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", line],
    cwd,
    stdin: "null",
    signal: AbortSignal.timeout(MOST_MS),
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

/** Whether the parts of a language are there. Where CI promises them, their absence is a failure. */
async function isHere({ name, parts, inCi }: Language): Promise<boolean> {
  const { code, stderr } = await shell(parts, "/");
  if (code !== 0 && inCi && Deno.env.get("CI") !== undefined) {
    throw new Error(`CI lacks the parts for ${name}, which .ci/run installs: ${stderr}`);
  }
  return code === 0;
}

/** Two workers on one simulator: an open one, and one that wants keys. */
async function startWorkers() {
  await using starting = new AsyncDisposableStack();
  const { path: dir } = starting.use(await tempDir());
  await Deno.mkdir(`${dir}/clients`);
  for (const name of ["worker", "clients/me"]) {
    await writeKeyFiles(`${dir}/${name}`, await generateCurveKeys());
  }
  const simulator = starting.use(
    await startSimulator({ stepTimeMs: 10, loadTimeMs: 200, previewMethod: "still" }),
  );
  const start = async (name: string, flags: Record<string, string> = {}) => {
    const config = await testConfig(`${dir}/${name}`, simulator.url, flags);
    return starting.use(await startWorker({ config }));
  };
  const silence = await zmqTransport().bindUpdates("tcp://127.0.0.1:0");
  starting.defer(() => silence.close());
  const open = await start("open");
  const locked = await start("locked", {
    "curve-key": `${dir}/worker.key_secret`,
    "curve-clients": `${dir}/clients`,
  });
  const server = await readSecretKey(`${dir}/worker.key_secret`);
  const own = await readSecretKey(`${dir}/clients/me.key_secret`);
  const running = starting.move();
  return {
    dir,
    silent: silence.address,
    open: [open.reqAddress, open.pubAddress],
    locked: [
      locked.reqAddress,
      locked.pubAddress,
      server.publicKey,
      own.publicKey,
      own.secretKey,
    ],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Checks that a program ended well, and that the image whose path it printed has what it asked for. */
async function assertImage({ code, stdout, stderr }: Ended): Promise<string[]> {
  assert.equal(code, 0, stdout + stderr);
  const path = /(\/\S+\.png)/.exec(stdout)?.[1] ?? "";
  const { text, width } = decodePng(await Deno.readFile(path));
  const { prompt } = JSON.parse(text["parameters"] ?? "{}");
  assert.deepEqual([prompt, width], ["a knight, größer", 1024]);
  return stdout.split("\n");
}

const here = await Promise.all(LANGUAGES.map(isHere));

// All languages in one test.
Deno.test("A program in each language submits a job and follows it to its end", {
  timeout: 600_000,
}, async (t) => {
  await using setup = await startWorkers();
  for (const [index, { name, file, build, run, takesKeys }] of LANGUAGES.entries()) {
    await t.step({
      name: here[index] ? name : `${name} (its parts are not here)`,
      ignore: !here[index],
      async fn() {
        const folder = `${setup.dir}/${file}.d`;
        await Deno.mkdir(folder);
        const path = new URL(file, FOLDER).pathname;
        const built = await shell((build ?? "true").replaceAll("FILE", path), folder);
        assert.equal(built.code, 0, built.stdout + built.stderr);
        const start = (...words: string[]) =>
          shell(`exec ${run.replaceAll("FILE", path)} ${words.map(quoted).join(" ")}`, folder);
        const [requests] = setup.open;
        // A third program hears no update at all, and must ask. Some libraries want somebody at the address.
        const [plain, deaf, keyed] = await Promise.all([
          start(...setup.open),
          start(requests!, setup.silent),
          takesKeys ? start(...setup.locked) : undefined,
        ]);
        const heard = await assertImage(plain);
        assert.ok(heard.includes("progress") && heard.includes("job_complete"), plain.stdout);
        const asked = await assertImage(deaf);
        assert.ok(asked.includes("job_info") && !asked.includes("progress"), deaf.stdout);
        if (keyed !== undefined) await assertImage(keyed);
      },
    });
  }
});

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

Deno.test("What languages.md shows of a program stands in it, and each program has its place there", async () => {
  const guide = (await readDocuments()).find(({ path }) => path === "src/client/languages.md")!;
  for (const { file } of LANGUAGES) assert.ok(guide.text.includes(`(languages/${file})`), file);
  const sections = guide.text.split(/^## /m).slice(1);
  assert.ok(sections.length >= 9);
  for (const text of sections) {
    const files = [...text.matchAll(/\(languages\/([\w.]+)\)/g)].map(([, file]) => file!);
    const programs = await Promise.all(
      files.map((file) => Deno.readTextFile(new URL(file, FOLDER))),
    );
    const known = new Set(programs.join("\n").split("\n").map((line) => line.trim()));
    const lines = codeBlocks({ path: "", text }).flatMap(({ code }) => code.trimEnd().split("\n"));
    assert.deepEqual(lines.filter((line) => !known.has(line.trim())), []);
  }
});
