/** What a process uses, as Linux tells it. */

/** Resident memory in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) * 1_024;
}

/** Processor time so far in milliseconds, to 10 ms. */
export async function processorMs(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name may hold spaces; after its parenthesis come state and 10 numbers, then user and system time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Times that its threads went to sleep or were put to sleep, so far. */
export async function switches(pid: number): Promise<number> {
  let sum = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const status = await Deno.readTextFile(`/proc/${pid}/task/${name}/status`).catch(() => "");
    for (const [, count] of status.matchAll(/ctxt_switches:\s+(\d+)/g)) sum += Number(count);
  }
  return sum;
}
