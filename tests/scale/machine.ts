/** Processor time of processes, from /proc. */

/** Clock ticks of Linux in a second. */
const TICKS = 100;

/** Seconds of processor time that a process has used, with those of its children that have ended. */
export function processorS(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS;
}

/** The same of a process and all below it. */
export function familyS(pid: number): number {
  let sum = 0;
  try {
    sum = processorS(pid);
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    for (const child of children.split(" ").filter(Boolean)) sum += familyS(Number(child));
  } catch {
    // It has ended.
  }
  return sum;
}

/** Lets time pass: what is measured takes its own. */
export function pause(ms: number): Promise<void> {
  // deno-lint-ignore house/no-sleep-in-test
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Writes a line to standard output. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
