/** What the documents say, held to the code: commands, links, messages. */

import assert from "node:assert/strict";
import configFile from "../deno.json" with { type: "json" };
import { run } from "./cli/fake_io.ts";
import { codeBlocks, type MarkdownFile, readDocuments } from "./support/documents.ts";

const documents = await readDocuments();

/** A command line that a document shows. */
interface ShownCommand {
  readonly place: string;
  readonly words: readonly string[];
}

/** Words of a shell line up to its first pipe, redirection or end; quotes are respected. */
function shellWords(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/"[^"]*"|'[^']*'|[|;<>&)#]|[^\s"'|;<>&)]+/g)) {
    if (/^[|;<>&)#]$/.test(word)) break;
    words.push(word);
  }
  return words;
}

/** Commands of this program in blocks and in the text, from the name of the task or command on. */
function shownCommands(file: MarkdownFile): ShownCommand[] {
  const blocks = codeBlocks(file).filter(({ language }) => language === "sh")
    .flatMap(({ place, code }) => code.split("\n").map((line) => ({ place, line })));
  const inline = [...file.text.matchAll(/`((?:npx |deno |task |dgx-pixels )[^`\n]+)`/g)]
    .map(([, line]) => ({ place: file.path, line: line! }));
  return [...blocks, ...inline].flatMap(({ place, line }) => {
    const task = /(?:^|[\s(])task (?:-q )?(.+)$/.exec(line)?.[1];
    if (task !== undefined) return [{ place, words: shellWords(task) }];
    const program = /(?:^|[\s(])dgx-pixels (.+)$/.exec(line)?.[1];
    return program === undefined ? [] : [{ place, words: ["cli", ...shellWords(program)] }];
  });
}

/** What is wrong with a command; undefined if nothing is. */
async function faultOf([task = "", ...words]: readonly string[]): Promise<string | undefined> {
  if (!Object.hasOwn(configFile.tasks, task)) return `there is no task ${task}`;
  const command = configFile.tasks[task as keyof typeof configFile.tasks].command;
  if (!command.includes("src/main.ts") || task === "compile") return undefined;
  const [name, ...rest] = task === "cli" ? words : [task, ...words];
  if (name === undefined || name.startsWith("-")) return undefined;
  const help = await run([name, "--help"]);
  if (!help.stdout().startsWith(`Usage: dgx-pixels ${name} `)) return `there is no command ${name}`;
  const known = new Set(help.stdout().match(/(?<=^ {2}.*)--?[a-z][\w-]*/gm));
  const flags = rest.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split("=", 1)[0]!);
  const unknown = flags.filter((flag) => !known.has(flag));
  return unknown.length === 0 ? undefined : `${name} does not know ${unknown.join(", ")}`;
}

Deno.test("every command in a document is there, with its flags", async () => {
  const commands = documents.flatMap(shownCommands);
  assert.ok(commands.length > 40, `only ${commands.length} found`);
  const faults = await Promise.all(commands.map(async ({ place, words }) => {
    const fault = await faultOf(words);
    return fault === undefined ? [] : [`${place}: ${words.join(" ")}: ${fault}`];
  }));
  assert.deepEqual(faults.flat(), []);
});

Deno.test("a wrong task, command or flag in a document is found", async () => {
  const text = "```sh\nnpx -y deno@1 task paint\nx=$(deno task cli draw)\n```\n" +
    '`dgx-pixels generate "--not a flag" --sizes 3 --json | grep --quiet x`';
  const commands = shownCommands({ path: "a.md", text });
  const faults = await Promise.all(commands.map(({ words }) => faultOf(words)));
  assert.match(faults[0] ?? "", /no task paint/);
  assert.match(faults[1] ?? "", /no command draw/);
  assert.equal(faults[2], "generate does not know --sizes");
});

Deno.test("every relative link between documents leads to a file, and to a heading of it", async () => {
  const anchors = new Map(documents.map(({ path, text }) => [path, headingAnchors(text)]));
  const dead = await Promise.all(
    documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
        async ([link, target = "", anchor]) => {
          const url = new URL(target === "" ? path.split("/").at(-1)! : target, `file:///${path}`);
          const linked = url.pathname.slice(1);
          if (anchor !== undefined && anchors.get(linked)?.has(anchor) === false) {
            return [path, link];
          }
          return await exists(linked) ? [] : [path, link];
        },
      )
    ),
  );
  assert.deepEqual(dead.filter(({ length }) => length > 0), []);
});

Deno.test("every file and folder that a document names from the top is there", async () => {
  const named = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|tests|workflows|findings|\.github|\.ci)\/[\w./-]+)`/g)]
      .map(([, name]) => ({ path, name: name! }))
  ).filter(({ name }) => !name.includes("NAME"));
  assert.ok(named.length > 20, `only ${named.length} found`);
  const missing = await Promise.all(
    named.map(async ({ path, name }) => await exists(name) ? [] : [`${path}: ${name}`]),
  );
  assert.deepEqual(missing.flat(), []);
});

function headingAnchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) => heading.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")),
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(new URL(`../${path}`, import.meta.url));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("the messages in troubleshooting.md are those of the code", async () => {
  const guide = documents.find(({ path }) => path === "src/worker/troubleshooting.md");
  assert.ok(guide);
  const lines = codeBlocks(guide).filter(({ language }) => language === "text")
    .flatMap(({ code }) => code.trimEnd().split("\n"));
  assert.ok(lines.length > 15, `only ${lines.length} found`);
  const source = await allSource(new URL("../src/", import.meta.url));
  // Where one part of a message ends, another file may go on.
  const parts = lines.flatMap((line) => line.split(/…|[:;,] |needs /)).map((part) => part.trim());
  const unknown = parts.filter((part) => !source.includes(part));
  assert.deepEqual(unknown, []);
});

/** All of src/, with texts joined that are written over several lines, and no code in them. */
async function allSource(folder: URL): Promise<string> {
  const texts: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) texts.push(await allSource(new URL(`${name}/`, folder)));
    else if (name.endsWith(".ts")) texts.push(await Deno.readTextFile(new URL(name, folder)));
  }
  return texts.join("\n").replace(/["`]\s*\+\s*["`]/g, "").replaceAll('\\"', '"');
}

Deno.test("the documents, CI and the settings name one version of Deno", async () => {
  const ci = await Deno.readTextFile(new URL("../.ci/run", import.meta.url));
  const texts = [...documents.map(({ text }) => text), ci];
  const versions = texts.flatMap((text) => text.match(/\bdeno@[\d.]*\d/g) ?? []);
  assert.deepEqual([...new Set(versions)], [`deno@${Deno.version.deno}`]);
});

/** Words of all documents together, as `wc -w` counts them: what a reader can be asked to read. */
const MOST_WORDS = 20_000;

/** Lines of the first page. */
const MOST_LINES = 110;

Deno.test(`the documents have at most ${MOST_WORDS} words, README.md ${MOST_LINES} lines`, () => {
  const words = documents.map(({ text }) => text.split(/\s+/).filter((word) => word !== "").length);
  const sum = words.reduce((total, count) => total + count, 0);
  assert.ok(sum > 10_000, `only ${sum} words found`);
  assert.ok(sum <= MOST_WORDS, `${sum} words: link instead of repeating, leave history to git`);
  const readme = documents.find(({ path }) => path === "README.md")?.text ?? "";
  const lines = readme.trimEnd().split("\n").length;
  assert.ok(lines <= MOST_LINES, `README.md has ${lines} lines: move what is not for everybody`);
});
