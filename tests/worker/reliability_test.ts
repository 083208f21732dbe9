import assert from "node:assert/strict";

const DOCUMENT = new URL("../../src/worker/reliability.md", import.meta.url);

/** The entries of a list: fault, promise and test. */
function rowsOf(markdown: string): string[][] {
  const lines = markdown.replaceAll("\n  ", " ").matchAll(/^- (.+?): (.+) \((.+?)\)$/gm);
  return [...lines].map(([, ...parts]) => parts);
}

Deno.test("Each promise of reliability.md is held by the test that it names", async (context) => {
  const rows = rowsOf(await Deno.readTextFile(DOCUMENT));
  assert.ok(rows.length > 10);
  for (const [fault = "", promised = "", seen = ""] of rows) {
    await context.step(`${fault} → ${promised}`, async () => {
      const [, file, words] = /^`(.+_test\.ts)`: (.+)$/.exec(seen) ?? [];
      assert.ok(file && words, seen);
      const text = await Deno.readTextFile(new URL(`../${file}`, import.meta.url));
      const names = [...text.matchAll(/Deno\.test\(\s*["`](.+?)["`]/g)].map(([, name]) => name);
      assert.ok(names.some((name) => name?.includes(words)), `${file} has no test of ${words}`);
    });
  }
});
