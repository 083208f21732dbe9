import assert from "node:assert/strict";

const DOCUMENT = new URL("../../src/worker/reliability.md", import.meta.url);

/** The tests that hold what is promised, by the fault: their file, and words of their name. */
const TESTS: Readonly<Record<string, readonly [file: string, words: string]>> = {
  "`deadline_s` of 2^53 − 1": ["queue/sqlite/damaged_rows_test.ts", "takes any deadline"],
  "steps of 1e308 from ComfyUI": ["sandbox/progress_numbers_test.ts", "wire can carry"],
  "a row number of 2^63 − 1": ["queue/sqlite/damaged_rows_test.ts", "with the number"],
  "SIGHUP": ["cli/worker_log_test.ts", "on SIGHUP"],
  "second worker by a link, or without -lock": ["queue/sqlite/lock_test.ts", "by whatever path"],
  "database removed, or it or its log cut": ["queue/sqlite/lock_test.ts", "takes nothing more"],
  "disk under the queue full": ["crash/disk_full_test.ts", "under the queue"],
  "images' disk full, or folder gone": ["crash/disk_full_test.ts", "under the images"],
  "isolate sends nonsense, `/etc/shadow`, others' files": [
    "executor/border_test.ts",
    "An isolate that lies",
  ],
  "image without pixels": ["comfyui/files/kinds_test.ts", "without pixels"],
  "Deno's cache written over": ["transport/zmq/private_copy_test.ts", "keeps a library"],
  "floods of requests": ["transport/zmq/fairness_test.ts", "asks seldom next"],
  "one client fills the queue": ["worker/shares_test.ts", "gets no more"],
  "one key opens many connections": ["transport/zmq/curve_test.ts", "with many connections"],
  "one address opens 1,001": ["transport/zmq/peers_test.ts", "too many for one address"],
  "a flood takes all descriptors": ["cli/few_files_test.ts", "flood that was there"],
  "silent or slow HTTP connections": ["http/crowd_test.ts", "goes after a while"],
  "PNG whose header lies": ["images/whole_test.ts", "too few or too many"],
  "HTTP bodies in tiny pieces": ["http/body_test.ts", "tiny pieces"],
  "files right only at their ends": ["comfyui/files/kinds_test.ts", "not deceived"],
  "servers echo secrets": ["cli/planted_secrets_test.ts", "no secret"],
  "100,000 frames in a message": ["transport/zmq/limits_test.ts", "frames without end"],
  "a message without end": ["transport/zmq/limits_test.ts", "message for ever"],
  "subscriptions without end": ["transport/zmq/limits_test.ts", "subscribes without end"],
  "10,000 stage changes a second": ["sandbox/progress_gate_test.ts", "however many come"],
  "1,000 damaged rows": ["queue/sqlite/damaged_rows_test.ts", "A thousand damaged"],
  "nobody reads the log, or its disk is full": ["cli/worker_log_test.ts", "nobody reads its log"],
  "database held by another program": ["queue/sqlite/change_line_test.ts", "held for long"],
  "PostgreSQL held by another, away, emptied or its disk full": [
    "queue/postgres/faults_test.ts",
    "a server that is gone is told of",
  ],
  "isolate takes all memory, or loops": ["executor/process_test.ts", "ends alone"],
};

/** The entries of a list: fault and promise. */
function rowsOf(markdown: string): string[][] {
  const lines = markdown.replaceAll("\n  ", " ").matchAll(/^- (.+?): (.+)$/gm);
  return [...lines].map(([, ...parts]) => parts);
}

Deno.test("Each promise of reliability.md is held by a test", async (context) => {
  const rows = rowsOf(await Deno.readTextFile(DOCUMENT));
  assert.deepEqual(rows.map(([fault]) => fault).toSorted(), Object.keys(TESTS).toSorted());
  for (const [fault = "", promised = ""] of rows) {
    const [file, words] = TESTS[fault]!;
    await context.step(`${fault} → ${promised} (${file}: ${words})`, async () => {
      const text = await Deno.readTextFile(new URL(`../${file}`, import.meta.url));
      const names = [...text.matchAll(/Deno\.test\(\s*(?:\{\s*name: )?["`](.+?)["`]/g)].map((
        [, name],
      ) => name);
      assert.ok(names.some((name) => name?.includes(words)), `${file} has no test of ${words}`);
    });
  }
});
