/** The fault matrix as text. */

import type { ScenarioName } from "./matrix.ts";
import { hasPassed, type ScenarioPlayed, type ScenarioResult } from "./run.ts";

/** Headings of the table, as short as a table needs them. */
const HEADINGS: Readonly<Record<ScenarioName, string>> = {
  none: "none",
  gap: "gap",
  restart: "restart",
  mute: "mute",
  lost_answer: "lost answer",
};

/** One line about one scenario. */
export function renderLine(result: ScenarioResult): string {
  const name = HEADINGS[result.name].padEnd(11);
  if (result.type === "skipped") return `skip ${name} ${result.title}: ${result.reason}`;
  const { problem, isLate, title } = result;
  const verdict = hasPassed(result) ? "ok  " : "FAIL";
  const why = problem ?? (isLate ? "done too late" : undefined);
  const reason = why === undefined ? "" : `: ${why}`;
  return `${verdict} ${name} ${title}; ${renderTimes(result)}${reason}`;
}

/** The whole matrix as a Markdown table: a column for each scenario. */
export function renderTable(results: readonly ScenarioResult[]): string {
  const rows = [
    ["", ...results.map(({ name }) => HEADINGS[name])],
    results.map(() => "---").toSpliced(0, 0, "---"),
    ["this worker", ...results.map(renderCell)],
    ["limit", ...results.map(renderLimit)],
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function renderTimes({ seconds, ownSeconds, limitSeconds, executions }: ScenarioPlayed): string {
  const own = ownSeconds === undefined ? [] : [`of which ComfyUI ${renderSeconds(ownSeconds)}`];
  const limit = limitSeconds === undefined ? [] : [`limit ${renderSeconds(limitSeconds)}`];
  return [renderSeconds(seconds), ...own, ...limit, renderRuns(executions)].join(", ");
}

function renderCell(result: ScenarioResult): string {
  if (result.type === "skipped") return "not run";
  const { seconds, executions } = result;
  const verdict = hasPassed(result) ? "ok" : "FAIL";
  return `${renderSeconds(seconds)} ${verdict}, ${renderRuns(executions)}`;
}

function renderLimit(result: ScenarioResult): string {
  if (result.type === "skipped") return "–";
  const { limitSeconds } = result;
  return limitSeconds === undefined ? "one run" : `${renderSeconds(limitSeconds)}, one run`;
}

function renderRuns(executions: number): string {
  return executions === 1 ? "1 run" : `${executions} runs`;
}

function renderSeconds(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}
