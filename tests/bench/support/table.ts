/** The table. */

import type { Figure } from "./figures.ts";

const HEAD = ["what", "worker", "beside", "target", "reached", ""];

/** Lays figures out as a Markdown table, which is readable on a terminal too. */
export function layOut(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cells)];
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((row) => [...row[column] ?? ""].length))
  );
  const line = (row: readonly string[]) =>
    `| ${
      row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - [...cell].length)).join(
        " | ",
      )
    } |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(HEAD), rule, ...rows.slice(1).map(line)].join("\n");
}

function cells({ what, ours, beside, target, reached, holds }: Figure): string[] {
  const verdict = holds === undefined ? "" : holds ? "met" : "missed";
  return [what, ours, beside, target, reached, verdict];
}
