/** Request → Reply, one file for each request type. */

import type { Reply, Request } from "../../protocol/mod.ts";
import { cancel } from "./cancel.ts";
import type { HandlerContext } from "./context.ts";
import { drainServer } from "./drain_server.ts";
import { generate } from "./generate.ts";
import { image } from "./image.ts";
import { describeJob } from "./job.ts";
import { listJobs, namedJobs } from "./list_jobs.ts";
import { listModels } from "./list_models.ts";
import { listServers } from "./list_servers.ts";
import { status } from "./status.ts";
import { drainWorker, listWorkers } from "./workers.ts";
import { listWorkflows } from "./workflows.ts";

/**
 * Answers a valid request. What goes wrong with it is a reply too.
 *
 * @param isFollowed Tells whether another request is there already, to be stored with this one.
 * @param owner Whose it is, where that can be told.
 */
export async function handleRequest(
  context: HandlerContext,
  request: Request,
  isFollowed: () => boolean = () => false,
  owner?: string,
): Promise<Reply> {
  switch (request.type) {
    case "generate":
      return await generate(context, request, isFollowed, owner);
    case "cancel":
      return await cancel(context, request.job_id);
    case "list_models":
      return await listModels(context, request);
    case "status":
      return await status(context);
    case "ping":
      return { type: "pong" };
    case "job":
      return await describeJob(context, request.job_id, request.first_image);
    case "list_jobs":
      if (request.job_ids !== undefined) return await namedJobs(context, request.job_ids);
      return await listJobs(context, request);
    case "list_servers":
      return listServers(context);
    case "image":
      return await image(context, request);
    case "drain_server":
      return drainServer(context, request);
    case "list_workflows":
      return await listWorkflows(context);
    case "list_workers":
      return await listWorkers(context);
    case "drain_worker":
      return await drainWorker(context, request);
    default:
      return request satisfies never;
  }
}
