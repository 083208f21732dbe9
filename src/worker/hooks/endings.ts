/** What webhooks are told of a job that has ended. */

import type { Webhook } from "../../protocol/mod.ts";
import type { Job, NewDelivery } from "../../queue/mod.ts";
import { redact } from "../../redact.ts";
import { hostOf } from "../../webhooks/mod.ts";
import { durationS, imageUrlOf } from "../announcer.ts";

/** Paths of images that are told; how many there are is told besides. */
const MOST_PATHS = 100;

/** The deliveries of a job that has ended: to its own webhook and to the operator's, once if they are the same. */
export async function deliveriesOf(job: Job, own: Webhook | undefined): Promise<NewDelivery[]> {
  const { webhook } = job.damage === undefined ? job.request : {};
  const urls = [webhook, own].flatMap((hook) => wants(hook, job) ? [hook.url] : []);
  const body = JSON.stringify(eventOf(job));
  return await Promise.all([...new Set(urls)].map(async (url) => ({
    id: await idOf(job, url),
    jobId: job.id.toWellFormed().replaceAll("\0", "\ufffd"),
    url,
    host: hostOf(url),
    body,
  })));
}

function wants(hook: Webhook | undefined, { outcome }: Job): hook is Webhook {
  if (hook === undefined || outcome === undefined) return false;
  // What was stored before may be no URL for a later version.
  return URL.canParse(hook.url) && (hook.events?.includes(outcome.type) ?? true);
}

/** The same for the same ending, which may be told twice. */
async function idOf({ id, finishedAtMs }: Job, url: string): Promise<string> {
  const text = JSON.stringify([id, finishedAtMs, url]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `msg_${new Uint8Array(digest).toHex().slice(0, 32)}`;
}

/** As Standard Webhooks shapes events (https://www.standardwebhooks.com). */
function eventOf(job: Job): Record<string, unknown> {
  const { id, outcome, finishedAtMs = 0, workflow } = job;
  return {
    type: `job.${outcome?.type}`,
    timestamp: new Date(finishedAtMs).toISOString(),
    data: {
      job_id: id,
      state: outcome?.type,
      duration_s: durationS(job),
      ...(workflow === undefined ? {} : { workflow }),
      ...resultOf(job),
    },
  };
}

function resultOf({ outcome, seed }: Job): Record<string, unknown> {
  if (outcome?.type === "failed") return { error: redact(outcome.error) };
  if (outcome?.type !== "completed") return {};
  const { imagePaths, seed: used = seed } = outcome.result;
  return {
    ...imageUrlOf(outcome.result),
    seed: used,
    image_count: imagePaths.length,
    image_paths: imagePaths.slice(0, MOST_PATHS),
  };
}
