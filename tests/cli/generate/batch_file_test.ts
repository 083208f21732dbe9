import assert from "node:assert/strict";
import { readBatchFile } from "../../../src/cli/generate/batch_file.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function read(name: string, text: string) {
  await using dir = await tempDir();
  const path = `${dir.path}/${name}`;
  await Deno.writeTextFile(path, text);
  const entries = await readBatchFile(path);
  return entries.map((entry) => ({ ...entry, place: entry.place.replace(`${dir.path}/`, "") }));
}

Deno.test("readBatchFile() reads CSV by the names in its first row, quotes and empty cells included", async () => {
  const text =
    '\ufeffprompt,size,steps,negative,id\r\n"a, ""b""\nc",64x64,5,,\r\n\r\nd,,,blurry,j1\r\n';
  assert.deepEqual(await read("p.csv", text), [
    { place: "p.csv:3", values: { prompt: 'a, "b"\nc', size: [64, 64], steps: 5 }, id: undefined },
    { place: "p.csv:5", values: { prompt: "d", negative_prompt: "blurry" }, id: "j1" },
  ]);
});

Deno.test("readBatchFile() reads JSON lines, each a prompt or a map", async () => {
  const text = '"a knight"\n\n{"prompt":"b","size":[64,32],"cfg_scale":7.5,"lora":"x:0.5, y"}\n';
  assert.deepEqual(await read("p.jsonl", text), [
    { place: "p.jsonl:1", values: { prompt: "a knight" }, id: undefined },
    {
      place: "p.jsonl:3",
      values: {
        prompt: "b",
        size: [64, 32],
        cfg_scale: 7.5,
        lora: [{ name: "x", strength_model: 0.5, strength_clip: 0.5 }, { name: "y" }],
      },
      id: undefined,
    },
  ]);
});

Deno.test("readBatchFile() reads a list in YAML", async () => {
  const text = "- a knight\n- prompt: b\n  size: 64x64\n  seed:\n  priority: -5\n";
  assert.deepEqual(await read("p.yaml", text), [
    { place: "p.yaml#1", values: { prompt: "a knight" }, id: undefined },
    { place: "p.yaml#2", values: { prompt: "b", size: [64, 64], priority: -5 }, id: undefined },
  ]);
});

Deno.test("readBatchFile() makes a wrong entry an entry of its own", async () => {
  const lines = [
    "{",
    "5",
    "[]",
    "null",
    "{}",
    '{"prompt":"a","color":1}',
    '{"prompt":"a","size":"64"}',
  ];
  const errors = (await read("p.jsonl", lines.join("\n"))).map((entry) => {
    return "error" in entry ? entry.error : "";
  });
  const patterns = [
    /JSON/,
    /^must be a prompt or a map/,
    /^must be a prompt or a map/,
    /^must be a prompt or a map/,
    /^has no prompt$/,
    /^has an unknown field "color"; known are id, prompt, /,
    /^size must be width x height in pixels, such as 1024x1024, got "64"$/,
  ];
  for (const [index, pattern] of patterns.entries()) assert.match(errors[index] ?? "", pattern);
  const [row] = await read("p.csv", "prompt\na,b\n");
  assert.deepEqual(row, { place: "p.csv:2", error: "has 2 cells for 1 columns" });
});

Deno.test("readBatchFile() quotes a seed that is too large digit by digit, and keeps a long id", async () => {
  const seed = "18446744073709551615";
  const files = [
    ["p.jsonl", `{"prompt":"a","seed":${seed}}\n`, seed],
    ["p.yaml", `- {prompt: a, seed: ${seed}}\n`, seed],
    ["p.csv", `prompt,seed\na,${seed}\n`, `"${seed}"`],
    ["q.jsonl", `{"prompt":"a","seed":[${seed}]}\n`, `[${seed}]`],
  ] as const;
  for (const [name, text, shown] of files) {
    const [entry] = await read(name, text);
    assert.ok(entry !== undefined && "error" in entry);
    const expected = "seed must be a whole number from 0 to 9007199254740991";
    assert.equal(entry.error, `${expected}, got ${shown}`);
  }
  const [long] = await read("p.jsonl", `{"prompt":"a","id":${seed},"deadline_s":${seed}}`);
  assert.deepEqual(long, {
    place: "p.jsonl:1",
    values: { prompt: "a", deadline_s: Number(seed) },
    id: seed,
  });
});

Deno.test("readBatchFile() says what keeps it from reading a file at all", async () => {
  await assert.rejects(read("p.txt", ""), { code: "usage", message: /must end in \.csv, \.jsonl/ });
  await assert.rejects(read("p.yaml", "a: b"), { code: "usage", message: /must hold a list/ });
  await assert.rejects(read("p.yaml", "- [a"), { code: "unreadable", message: /as YAML: / });
  await assert.rejects(read("p.csv", 'prompt\n"a'), { code: "unreadable", message: /as CSV: / });
  await assert.rejects(readBatchFile("/absent/p.csv"), { code: "unreadable" });
});
