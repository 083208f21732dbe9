/** One job's progress: a line that redraws itself on a terminal, a line for each change elsewhere. */

import type { Progress } from "../../protocol/mod.ts";
import type { Io } from "../io.ts";

/** Shows progress. */
export interface ProgressLine {
  /** Shows how far the job is. */
  show(progress: Progress): void;
  /** Leaves the line as it is and goes on below it. */
  end(): void;
}

const LABELS: Readonly<Record<Progress["stage"], string>> = {
  initializing: "starting",
  loading_models: "loading models",
  encoding: "reading the prompt",
  sampling: "sampling",
  decoding: "decoding",
  post_processing: "saving",
};

/** Creates a line on standard output. */
export function createProgressLine(
  io: Pick<Io, "out" | "outIsTerminal" | "columns">,
): ProgressLine {
  let shown = "";
  return {
    show(progress) {
      const text = io.outIsTerminal ? renderBar(progress, io.columns()) : renderProgress(progress);
      if (text === shown) return;
      shown = text;
      io.out(io.outIsTerminal ? `\r\x1b[2K${text}` : `${text}\n`);
    },
    end() {
      if (io.outIsTerminal && shown !== "") io.out("\n");
    },
  };
}

/** A bar with words; never longer than the terminal is wide, or a redraw would leave the rest behind. */
export function renderBar(progress: Progress, columns: number): string {
  const text = renderProgress(progress);
  const width = Math.min(30, columns - text.length - 4);
  if (width < 5) return text.slice(0, Math.max(0, columns - 1));
  const filled = Math.round(width * progress.percent / 100);
  return `[${"#".repeat(filled)}${"-".repeat(width - filled)}] ${text}`;
}

/** How far a job is, in words of at most 40 columns. */
export function renderProgress({ stage, step, total_steps, percent, eta_s }: Progress): string {
  const steps = stage === "sampling" ? ` ${step}/${total_steps}` : "";
  const left = eta_s > 0 && percent < 100 ? `, ${eta_s.toFixed(1)} s left` : "";
  return `${percent.toFixed(0).padStart(3)} % ${LABELS[stage]}${steps}${left}`;
}
