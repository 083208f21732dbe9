/** Asking the worker in the words of the wire protocol. */

import { type Reply, type Request, requestOf } from "../../protocol/mod.ts";
import { ProtocolError } from "../../errors.ts";
import { isTellable, tellable } from "../../protocol/values.ts";
import type { HttpContext } from "../options.ts";
import { refusal } from "../problem.ts";

/** The reply to a request, as it would come over ZeroMQ; a refusal is thrown. @throws {HttpProblem} */
export async function ask<Type extends Reply["type"]>(
  { handle }: Pick<HttpContext, "handle">,
  request: Request,
  type: Type,
): Promise<Extract<Reply, { type: Type }>> {
  const said = await handle(request);
  const reply = isTellable(said) ? said : tellable(said) as Reply;
  if (reply.type === type) return reply as Extract<Reply, { type: Type }>;
  if (reply.type === "job_error") throw refusal(reply.error);
  if (reply.type === "error") throw refusal(reply.message);
  throw new Error(`The worker answered ${request.type} with ${reply.type}`);
}

/** Checks the fields of a request as if it had come over ZeroMQ. @throws {HttpProblem} 422 */
export function checked(fields: Record<string, unknown>): Request {
  try {
    return requestOf(fields);
  } catch (error) {
    if (error instanceof ProtocolError) throw refusal(error.message);
    throw error;
  }
}
