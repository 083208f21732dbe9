/** Where figures come from: they mean nothing without it. */

import { checkPython, whyNoC } from "./native.ts";

/** Describes the machine and the versions, one fact a line. */
export async function describeMachine(): Promise<string> {
  const cpu = /model name\s*:\s*(.+)/.exec(await read("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  const system = /PRETTY_NAME="(.+)"/.exec(await read("/etc/os-release"))?.[1] ?? Deno.build.os;
  const noC = await whyNoC();
  const load = Deno.loadavg().map((value) => value.toFixed(1)).join(" ");
  return [
    `machine: ${navigator.hardwareConcurrency} cores of ${cpu}, ${system}, Linux ${Deno.osRelease()}`,
    `versions: Deno ${Deno.version.deno}, ${await checkPython()}`,
    noC === undefined ? "C: compiled with gcc -O2" : `no column C: ${noC}`,
    `date: ${new Date().toISOString().slice(0, 16)}Z, load before: ${load}`,
  ].join("\n");
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}
