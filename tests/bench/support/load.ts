/** The load generators: clients in C and in Python. */

import { runChild } from "./child.ts";
import { nativeProgram, nativeSource, PYTHON } from "./native.ts";

/** What a generator measures; times in milliseconds, rates a second. */
export interface Load {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly rate: number;
}

/** Language of a generator. */
export type Language = "C" | "Python";

/** Runs a generator; in Python where there is no C. */
export async function generateLoad(language: Language, args: readonly string[]): Promise<Load> {
  const [command, ...rest] = await loadCommand(language, args);
  const { p50, p95, p99, rate } = await runChild<Load>(command, rest);
  return { p50: p50 / 1_000, p95: p95 / 1_000, p99: p99 / 1_000, rate };
}

/** How to start a generator. */
export async function loadCommand(
  language: Language,
  args: readonly string[],
): Promise<[string, ...string[]]> {
  const program = language === "C" ? await nativeProgram("client") : undefined;
  return program === undefined ? [PYTHON, nativeSource("client.py"), ...args] : [program, ...args];
}
