/** Jobs of every kind, submitted by a client that loses updates, and what their handles tell. */

import {
  type Client,
  type GenerateParams,
  JobError,
  type JobHandle,
  type JobResult,
  TransportError,
} from "../../src/client/mod.ts";
import type { Update } from "../../src/protocol/mod.ts";
import { IMAGE } from "../support/worker.ts";
import type { Chance } from "./random.ts";

/** What becomes of a job. */
export type Intent = "generate" | "cancel" | "deadline" | "refuse" | "twice";

/** How a handle settled. */
export type Settled =
  | { readonly type: "completed"; readonly result: JobResult }
  | { readonly type: "failed" | "refused"; readonly error: string; readonly code: string }
  | { readonly type: "cancelled" }
  | { readonly type: "unsettled"; readonly error: string };

/** A job and what its handle told. */
export interface HandledJob {
  readonly id: string;
  readonly intent: Intent;
  readonly settled: Settled;
  readonly updates: readonly Update[];
}

/** Submits jobs, so many at any time, until all handles have settled. */
export async function submitAll(
  client: Client,
  chance: Chance,
  { jobs, outstanding }: { jobs: number; outstanding: number },
): Promise<HandledJob[]> {
  const handled: HandledJob[] = [];
  let next = 0;
  const stream = async () => {
    while (next < jobs) handled.push(...await runOne(client, chance, next += 1));
  };
  await Promise.all(Array.from({ length: outstanding }, stream));
  return handled;
}

async function runOne(client: Client, chance: Chance, number: number): Promise<HandledJob[]> {
  const intent = intentOf(chance);
  const steps = 1 + Math.floor(chance.below(5));
  const request: GenerateParams = {
    ...IMAGE,
    // Half of them are named by the client itself.
    ...(chance.happens(0.5) ? { id: `chaos-${number}` } : {}),
    seed: number,
    steps,
    ...(intent === "refuse" ? { model: "nobody_has_this.safetensors" } : {}),
    ...(intent === "deadline" ? { deadline_s: 0.2 } : {}),
  };
  const handle = client.generate(request);
  const handles = [handle];
  if (intent === "twice") handles.push(client.generate({ ...request, id: handle.id }));
  if (intent === "cancel") cancelAfter(handle, Math.floor(chance.below(4)));
  return await Promise.all(handles.map((one) => watch(one, intent)));
}

function intentOf(chance: Chance): Intent {
  const drawn = chance.below(100);
  if (drawn < 65) return "generate";
  if (drawn < 80) return "cancel";
  if (drawn < 88) return "deadline";
  return drawn < 93 ? "refuse" : "twice";
}

/** Cancels when so many updates have come. It may be too late, which is no fault. */
async function cancelAfter(handle: JobHandle, updates: number): Promise<void> {
  let seen = 0;
  for await (const _update of handle.updates()) {
    if (++seen >= updates) break;
  }
  await handle.cancel().catch(() => {});
}

async function watch(handle: JobHandle, intent: Intent): Promise<HandledJob> {
  const reading = Array.fromAsync(handle.updates());
  const settled = await settledAs(handle);
  return { id: handle.id, intent, settled, updates: await reading };
}

async function settledAs(handle: JobHandle): Promise<Settled> {
  try {
    return { type: "completed", result: await handle.result };
  } catch (error) {
    if (error instanceof TransportError) return { type: "unsettled", error: error.message };
    if (!(error instanceof JobError)) throw error;
    const { code, message } = error;
    if (code === "cancelled") return { type: "cancelled" };
    if (code === "lost") return { type: "unsettled", error: message };
    return { type: code === "backend" ? "failed" : "refused", error: message, code };
  }
}
