/**
 * The architecture as data: which module may import which, and who alone may touch what.
 *
 * src/README.md shows these tables with their reasons; here they are enforced.
 */

import { deepEqual, ok } from "node:assert/strict";
import { BREACHES } from "./support/breaches.ts";
import { EXCEPTIONS, GLOBALS, MODULES, PACKAGES } from "./support/import_table.ts";
import { listFiles, listModules } from "./support/files.ts";
import { type SourceFacts, sourceFacts } from "./support/source_facts.ts";
import {
  folderOf,
  folderOrder,
  importCircles,
  importsAgainstOrder,
  moduleOf,
  sharedPrefixes,
} from "./support/structure.ts";

/** What the top level of the repository holds besides dotfiles. */
const TOP_LEVEL = "deno.json deno.lock findings LICENSE README.md src tests workflows".split(" ");

/** Longest source or test file in lines. */
const MAX_LINES = 400;

const ROOT = new URL("../", import.meta.url);

/** Every breach of the rules in one file of src/, as `file:line: rule`. */
function breaches(path: string, text: string): string[] {
  const facts = sourceFacts(text);
  const module = moduleOf(path);
  const at = (line: number, rule: string) => `src/${path}:${line}: ${rule}`;
  if (MODULES[module] === undefined) return [at(1, `${module} is not in the import table`)];
  return [
    ...facts.imports.flatMap(({ name, line }) => {
      const rule = name.startsWith(".") ? relativeRule(path, name) : packageRule(path, name);
      return rule === undefined ? [] : [at(line, rule)];
    }),
    ...facts.computedImports.map((line) => at(line, "an import must name its module literally")),
    ...forbiddenUses(path, facts).map(({ line, name, owners }) =>
      at(line, `${name} is left to ${owners.join(", ") || "nobody"}`)
    ),
    ...facts.exportStars.map((line) => at(line, "exports must be listed, not export *")),
    ...facts.defaultExports.map((line) => at(line, "exports must be named, not default")),
  ];
}

function relativeRule(path: string, specifier: string): string | undefined {
  const target = new URL(specifier, `file:///src/${path}`).pathname;
  if (!target.startsWith("/src/")) return `${specifier} leads out of src/`;
  const [own, other] = [moduleOf(path), moduleOf(target.slice("/src/".length))];
  if (own === other) return undefined;
  const extra = EXCEPTIONS.flatMap(([files, imports]) => matches(path, files) ? imports : []);
  const allowed = [...MODULES[own] ?? [], ...extra];
  const file = target.slice("/src/".length);
  if (allowed.some((pattern) => pattern === other || matches(file, pattern))) return undefined;
  return `${own} must not import ${other}; it may import ${allowed.join(", ") || "nothing"}`;
}

function packageRule(path: string, specifier: string): string | undefined {
  const owners = PACKAGES[specifier];
  if (owners === undefined) return `${specifier} is not in the table of packages`;
  if (owners.some((owner) => matches(path, owner))) return undefined;
  return `${specifier} is left to ${owners.join(", ")}`;
}

function forbiddenUses(path: string, facts: SourceFacts) {
  return facts.uses.flatMap(({ name, line }) => {
    const owners = Object.hasOwn(GLOBALS, name) ? GLOBALS[name] : undefined;
    if (owners === undefined || owners.some((owner) => matches(path, owner))) return [];
    return [{ name, line, owners }];
  });
}

/** A pattern is a directory with its slash, or a file with `*` for a part of its name. */
function matches(path: string, pattern: string): boolean {
  if (pattern.endsWith("/")) return path.startsWith(pattern);
  const [before, after] = pattern.split("*") as [string, string?];
  if (after === undefined) return path === pattern;
  const part = path.slice(before.length, -after.length);
  return path.startsWith(before) && path.endsWith(after) && !part.includes("/");
}

function readText(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

const SOURCES = await listModules(new URL("src/", ROOT));

Deno.test("every file of src/ keeps to the import table and to what it may touch", async () => {
  ok(SOURCES.includes("errors.ts"), "src/ was not found");
  const found = await Promise.all(
    SOURCES.map(async (path) => breaches(path, await readText(`src/${path}`))),
  );
  deepEqual(found.flat(), []);
});

Deno.test("every module directory of src/ has a README.md", async () => {
  const present = new Set(await listFiles(new URL("src/", ROOT)));
  const modules = new Set(SOURCES.map(moduleOf).filter((module) => module.endsWith("/")));
  const bare = [...modules].filter((module) => !present.has(`${module}README.md`));
  deepEqual(bare.map((module) => `src/${module}README.md:1: every module has a README.md`), []);
});

/** What each file of src/ imports from src/, by its path; modules that are only addressed by URL do not count. */
async function importGraph(): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  for (const path of SOURCES) {
    const { imports } = sourceFacts(await readText(`src/${path}`));
    const targets = imports.filter(({ name, byUrl }) => name.startsWith(".") && !byUrl)
      .map(({ name }) => new URL(name, `file:///src/${path}`).pathname.slice("/src/".length));
    graph.set(path, targets);
  }
  return graph;
}

Deno.test("no files of src/ import each other in a circle, types included", async () => {
  deepEqual(importCircles(await importGraph()), []);
});

Deno.test("each module's README names its folders, and no import runs against their order", async () => {
  const orders = new Map<string, string[]>();
  const missing: string[] = [];
  for (const module of new Set(SOURCES.map(moduleOf).filter((name) => name.endsWith("/")))) {
    const order = folderOrder(await readText(`src/${module}README.md`));
    orders.set(module, order);
    const folders = SOURCES.filter((path) => moduleOf(path) === module).map(folderOf);
    for (const folder of new Set(folders)) {
      if (folder !== undefined && !order.includes(folder)) missing.push(`${module}${folder}/`);
    }
  }
  deepEqual(missing, []);
  deepEqual(importsAgainstOrder(await importGraph(), orders), []);
});

Deno.test("no four files of one folder share a prefix", async () => {
  const tests = await listModules(new URL("tests/", ROOT));
  deepEqual(sharedPrefixes(SOURCES.map((path) => `src/${path}`)), []);
  deepEqual(sharedPrefixes(tests.map((path) => `tests/${path}`)), []);
});

Deno.test("the rules find a circle, an import against the order and a shared prefix", () => {
  const circle = new Map([["a/x.ts", ["a/y.ts"]], ["a/y.ts", ["a/z.ts"]], ["a/z.ts", ["a/x.ts"]]]);
  deepEqual(importCircles(circle).length, 1);
  deepEqual(importCircles(new Map([["a/x.ts", ["a/y.ts"]], ["a/y.ts", []]])), []);
  const orders = new Map([[
    "a/",
    folderOrder("# a\n\nFolders, each importing only those\nbefore: `low/`, `up/`.\n"),
  ]]);
  const imports = new Map([["a/low/x.ts", ["a/up/y.ts", "a/z.ts"]], ["a/up/y.ts", ["a/low/x.ts"]]]);
  deepEqual(importsAgainstOrder(imports, orders), [
    "src/a/low/x.ts: low/ must not import up/, which comes after it",
  ]);
  const four = ["a/b_1.ts", "a/b_2.ts", "a/b_3_test.ts", "a/b_4.ts", "a/c_1.ts", "d/b_5.ts"];
  deepEqual(sharedPrefixes(four), ["a/b_*: 4 files share a prefix; a folder says it better"]);
});

Deno.test(`no source or test file is longer than ${MAX_LINES} lines`, async () => {
  const tests = await listModules(new URL("tests/", ROOT));
  const paths = [...SOURCES.map((path) => `src/${path}`), ...tests.map((path) => `tests/${path}`)];
  const found = await Promise.all(paths.map(async (path) => {
    const lines = (await readText(path)).trimEnd().split("\n").length;
    return lines > MAX_LINES ? [`${path}:${lines}: no file is longer than ${MAX_LINES} lines`] : [];
  }));
  deepEqual(found.flat(), []);
});

Deno.test("the top level of the repository holds what the layout names", async () => {
  const listing = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    cwd: ROOT,
  }).output();
  ok(listing.success, new TextDecoder().decode(listing.stderr));
  const paths = new TextDecoder().decode(listing.stdout).split("\0").filter((path) => path !== "");
  const names = new Set(paths.map((path) => path.split("/")[0]!));
  const strays = [...names].filter((name) => !name.startsWith(".") && !TOP_LEVEL.includes(name));
  deepEqual(strays.map((name) => `${name}:1: the top level holds ${TOP_LEVEL.join(", ")}`), []);
});

Deno.test("deno.json pins every dependency exactly and no task asks for all permissions", async () => {
  const text = await readText("deno.json");
  const { imports, tasks = {} } = JSON.parse(text) as {
    imports: Record<string, string>;
    tasks?: Record<string, string | { command?: string }>;
  };
  const commands = Object.entries(tasks).map(([name, task]) => {
    return [name, typeof task === "string" ? task : task.command ?? ""] as const;
  });
  const packages = Object.keys(PACKAGES).filter((name) => !name.startsWith("node:"));
  const found = [
    ...Object.entries(imports).filter(([, target]) => !isPinned(target))
      .map(([name, target]) => [name, `is ${target}; versions are pinned exactly`]),
    ...commands.filter(([, command]) => asksForAll(command))
      .map(([name]) => [name, "asks for all permissions; a task names those it needs"]),
    ...packages.filter((name) => !isMapped(name, imports))
      .map((name) => [name, "is missing; packages are imported by bare names"]),
  ];
  deepEqual(found.map(([name, rule]) => `deno.json:${lineOf(text, name!)}: ${name} ${rule}`), []);
});

/** The words of a task's command. */
async function wordsOf(task: string): Promise<string[]> {
  const { tasks } = JSON.parse(await readText("deno.json"));
  return tasks[task].command.replaceAll("'", "").split(" ");
}

Deno.test("each test is run once: by itself, or by the all.ts of its folder", async () => {
  const [words, alone] = [await wordsOf("test:together"), await wordsOf("test:alone")];
  ok(words.at(-1) === ".", "what is not named is run too");
  const tests = (await listModules(new URL("tests/", ROOT))).map((path) => `tests/${path}`);
  const shared = tests.filter((path) => path.endsWith("/all.ts"));
  ok(shared.length > 0, "no folder was found");
  deepEqual(words.filter((word) => word.endsWith("/all.ts")).toSorted(), shared);
  const left = words.find((word) => word.startsWith("--ignore="))!.slice("--ignore=".length);
  const folders = shared.map((path) => `**/${path.slice(0, -"/all.ts".length)}`);
  deepEqual(left.split(","), ["**/tests/bench", ...folders]);
  const measures = [...words, ...alone].filter((word) => word.startsWith("tests/bench/"));
  const isMeasure = (path: string) => /^tests\/bench\/.*_test\.ts$/.test(path);
  deepEqual(measures.toSorted(), tests.filter(isMeasure));
});

/** The line where a JSON key stands, 1 where it does not. */
function lineOf(text: string, key: string): number {
  return text.slice(0, Math.max(0, text.indexOf(`"${key}":`))).split("\n").length;
}

/** Deno resolves what lies within a package by the entry of the package itself. */
function isMapped(name: string, imports: Readonly<Record<string, string>>): boolean {
  const [, base = name] = /^((?:@[^/]+\/)?[^/]+)/.exec(name) ?? [];
  return imports[name] !== undefined || imports[base] !== undefined;
}

function isPinned(target: string): boolean {
  return /^(?:npm|jsr):(?:@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(?:-[\w.]+)?(?:\/.*)?$/.test(target) ||
    target.startsWith("./");
}

function asksForAll(command: string): boolean {
  return /(?:^|\s)(?:--allow-all|-[A-Za-z]*A[A-Za-z]*)(?=\s|$)/.test(command);
}

for (const [path, source, breach] of BREACHES) {
  Deno.test(`the rules find ${source || "a stray module"} in ${path}`, () => {
    const line = source === "" ? 1 : 3;
    const found = breaches(path, source === "" ? "" : `// ünïcödé 🎨\n\n${source}\n`);
    deepEqual(found.map((text) => text.startsWith(`src/${path}:${line}: ${breach}`)), [true]);
  });
}

Deno.test("the rules leave alone what is allowed, and what only looks forbidden", () => {
  const allowed: [path: string, source: string][] = [
    ["sandbox/job.ts", `import "../comfyui/mod.ts"; import "../executor/messages.ts";`],
    ["protocol/encode.ts", `import "@msgpack/msgpack"; import "../errors.ts"; import "../log.ts";`],
    ["transport/zmq/socket.ts", `import "zeromq";`],
    ["main.ts", `import "./cli/mod.ts"; Deno.exit(await run(Deno.args));`],
    ["comfyui/http.ts", `await fetch(url); new WebSocket(url);`],
    [
      "worker/a.ts",
      `/** import "zod"; */ const text = 'import "zod"'; options.fetch(url); new URL(url);`,
    ],
    [
      "worker/a.ts",
      `// Deno.exit(1)\nconst worker: Worker = make(); cache.console; type F = typeof fetch;`,
    ],
  ];
  for (const [path, source] of allowed) deepEqual(breaches(path, source), [], source);
});

Deno.test("the rules tell pinned from loose versions and single from all permissions", () => {
  const pinned = [
    "npm:zod@4.6.7",
    "npm:@msgpack/msgpack@3.1.3",
    "jsr:@std/a@1.0.0-rc.1",
    "./src/mod.ts",
  ];
  deepEqual(pinned.filter(isPinned), pinned);
  const loose = [
    "npm:zod",
    "npm:zod@^4.6.7",
    "npm:zod@4",
    "npm:zod@4.6",
    "npm:zod@latest",
    "https://x/y.ts",
  ];
  deepEqual(loose.filter(isPinned), []);
  const all = ["deno run -A x.ts", "deno test --allow-all", "deno run -qA x.ts"];
  deepEqual(all.filter(asksForAll), all);
  deepEqual(["deno run --allow-net a.ts", "deno run -R x-A.ts", "deno fmt"].filter(asksForAll), []);
});
