/** What a process uses, as Linux tells it. */

/** Deno itself may read of `/proc` only with every right there is. */
async function procfs(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `cat /proc/${path}`] }).output();
  return new TextDecoder().decode(stdout);
}

/** Resident memory in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await procfs(`${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) * 1_024;
}

/** Processor time so far in milliseconds, to 10 ms. */
export async function processorMs(pid: number): Promise<number> {
  const stat = await procfs(`${pid}/stat`);
  // The name may hold spaces; after its parenthesis come state and 10 numbers, then user and system time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Times that its threads went to sleep or were put to sleep, so far. */
export async function switches(pid: number): Promise<number> {
  const statuses = await procfs(`${pid}/task/*/status`);
  return [...statuses.matchAll(/ctxt_switches:\s+(\d+)/g)]
    .reduce((sum, [, count]) => sum + Number(count), 0);
}
