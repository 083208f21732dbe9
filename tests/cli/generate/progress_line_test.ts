import assert from "node:assert/strict";
import { createProgressLine } from "../../../src/cli/generate/progress_line.ts";
import type { Progress } from "../../../src/protocol/mod.ts";

const PROGRESS: Progress = {
  type: "progress",
  job_id: "job-1",
  stage: "sampling",
  step: 9,
  total_steps: 20,
  percent: 45,
  eta_s: 3.21,
};

Deno.test("createProgressLine() writes a line for each change where nothing can be redrawn", () => {
  const { line, written } = screen(false, 100);
  line.show(PROGRESS);
  line.show(PROGRESS);
  line.show({ ...PROGRESS, percent: 100, stage: "post_processing" });
  line.end();
  assert.deepEqual(written, [" 45 % sampling 9/20, 3.2 s left\n", "100 % saving\n"]);
});

Deno.test("createProgressLine() redraws one line on a terminal", () => {
  const { line, written } = screen(true, 80);
  line.show(PROGRESS);
  line.end();
  assert.deepEqual(written, [
    `\r\x1b[2K[${"#".repeat(14)}${"-".repeat(16)}]  45 % sampling 9/20, 3.2 s left`,
    "\n",
  ]);
});

Deno.test("createProgressLine() never writes beyond the edge of a narrow terminal", () => {
  for (const columns of [10, 20, 40, 45, 60]) {
    const { line, written } = screen(true, columns);
    line.show(PROGRESS);
    assert.ok((written[0] ?? "").replace("\r\x1b[2K", "").length < columns);
  }
});

Deno.test("createProgressLine() leaves nothing behind when nothing was shown", () => {
  const { line, written } = screen(true, 80);
  line.end();
  assert.deepEqual(written, []);
});

function screen(outIsTerminal: boolean, columns: number) {
  const written: string[] = [];
  const out = (text: string) => void written.push(text);
  return { line: createProgressLine({ out, outIsTerminal, columns: () => columns }), written };
}
