import assert from "node:assert/strict";
import { fit, formatSeconds, printable, renderTable, widthOf } from "../../src/cli/text.ts";

Deno.test("printable() lets no text steer the terminal", () => {
  assert.equal(printable("a\x1b[2Jb\n\u009bc"), "a\\u001b[2Jb\\u000a\\u009bc");
  assert.equal(printable("exe.\u202egnp\u2066 שלום"), "exe.\\u202egnp\\u2066 שלום");
});

Deno.test("fit() shortens to columns, not characters", () => {
  assert.equal(fit("abcdef", 6), "abcdef");
  assert.equal(fit("abcdefg", 6), "abcde…");
  assert.equal(fit("騎士騎士", 6), "騎士…");
  assert.equal(fit("abc", 0), "");
  assert.equal(widthOf("e\u0301🎨"), 3);
});

Deno.test("formatSeconds() names the two greatest units", () => {
  const cases: [number, string][] = [
    [0, "0.0 s"],
    [9.94, "9.9 s"],
    [59, "59 s"],
    [
      61,
      "1 min 1 s",
    ],
    [7_260, "2 h 1 min"],
    [90_000, "1 d 1 h"],
  ];
  for (const [seconds, text] of cases) assert.equal(formatSeconds(seconds), text);
});

Deno.test("renderTable() puts the first cell above the others where a row is too wide", () => {
  const rows = [["id-1", "done", "x"], ["id-2", "failed", ""]];
  assert.equal(renderTable(rows, 20), "id-1  done    x\nid-2  failed\n");
  assert.equal(renderTable(rows, 10), "id-1\n  done  x\nid-2\n  failed\n");
});
