/** Whether any server can do what is asked for. */

import { type CheckResult, modelKeys } from "../../executor/mod.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import { startSpan } from "../../trace.ts";
import type { HandlerContext, ServerView } from "./context.ts";

/** How long one server is waited for before all are asked, in milliseconds. */
const ALONE_MS = 100;

/** What a server said of such a request a moment ago, if it can be done. */
export function recall(
  servers: readonly ServerView[],
  request: GenerateRequest,
): CheckResult | undefined {
  for (const server of servers) {
    const check = server.recall(request);
    if (check !== undefined) return check;
  }
  return undefined;
}

/**
 * A request is taken if any server can do it, also one of another worker on the queue. A sandbox that
 * cannot answer just now is no reason to refuse: the job waits and is checked again before it runs.
 */
export async function checkOnServers(
  { queue, servers }: Pick<HandlerContext, "queue" | "servers">,
  request: GenerateRequest,
): Promise<CheckResult | undefined> {
  using _span = startSpan("check a request", { jobId: request.id });
  const answers = await ask(servers, request);
  const checks = answers.flatMap((answer) => answer.status === "fulfilled" ? [answer.value] : []);
  const ok = checks.find((check) => check.type === "ok");
  if (ok !== undefined || checks.length < servers.length) return ok;
  const refused = checks.find((check) => check.type === "refused");
  if (refused?.type !== "refused" || refused.code !== "model_not_found") return refused;
  // A worker that has the models finds the workflow, too.
  return await queue.shared?.hasModels(modelKeys(request)) === true ? undefined : refused;
}

/** Asks one server, and the others only where it cannot do it or is slow to say: all do the same work. */
async function ask(
  servers: readonly ServerView[],
  request: GenerateRequest,
): Promise<PromiseSettledResult<CheckResult>[]> {
  const first = servers.find(({ state }) => state === "ready") ?? servers[0];
  if (first === undefined) return [];
  const answer = first.check(request);
  const early = servers.length > 1 ? await soon(answer) : undefined;
  if (early?.type === "ok") return [{ status: "fulfilled", value: early }];
  return await Promise.allSettled(
    servers.map((server) => server === first ? answer : server.check(request)),
  );
}

/** An answer that comes soon; undefined for one that does not, or fails. */
async function soon(answer: Promise<CheckResult>): Promise<CheckResult | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ALONE_MS);
  try {
    return await Promise.race([answer, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
