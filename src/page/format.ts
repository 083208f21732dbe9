/** Numbers and times for people. */

import type { Job, PixelFound } from "./types.ts";

/** A duration: `0.8 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor(whole % 3_600 / 60)} min`;
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A moment in Unix seconds: the time today, else with its date. */
export function moment(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  const date = new Date(seconds * 1_000);
  const isToday = date.toDateString() === new Date().toDateString();
  return (isToday ? TIME : DATE_TIME).format(date);
}

/** Name of a model without its folder and ending. */
export function shortModel(name: string | undefined): string {
  if (name === undefined) return "–";
  return name.split(/[\\/]/).at(-1)!.replace(/\.(?:safetensors|ckpt|pt|sft|gguf)$/, "");
}

/** Stages in words. */
export function stageName(stage: string): string {
  return stage.replaceAll("_", " ");
}

/** How a job is called: its prompt, or its id. */
export function jobName({ prompt, job_id }: Pick<Job, "prompt" | "job_id">): string {
  return prompt === undefined || prompt === "" ? job_id : prompt;
}

/** What was found in an image that became pixel art. */
export function pixelWords({ size, colors, sure, confidence, tileable }: PixelFound): string {
  return [
    size.join(" × "),
    `${colors} colour${colors === 1 ? "" : "s"}`,
    ...tileable === undefined ? [] : [tileable ? "tileable" : "seams show"],
    ...sure ? [] : [
      `unsure of the grid (${
        Math.floor(confidence * 100)
      } % likely right): compare it with its original`,
    ],
  ].join(", ");
}

/** Whether a job has come to its end. */
export function isOver({ state }: Pick<Job, "state">): boolean {
  return state !== "queued" && state !== "running";
}

/** Whether a job's first image is a sheet of frames or tiles. */
export function hasSheet({ image_path: path }: Pick<Job, "image_path">): boolean {
  return path?.endsWith("_sheet.png") ?? false;
}

/** Number of a job's images. */
export function imageCount({ image_count, image_paths = [] }: Job): number {
  return image_count ?? image_paths.length;
}
