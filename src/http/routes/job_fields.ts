/** The fields of a job as JSON has them: bytes become base64, the id may stand in a header. */

import { HttpProblem } from "../problem.ts";

/** Makes the fields of a `generate`. @throws {HttpProblem} 422 */
export function fieldsOf(
  body: Record<string, unknown>,
  idempotencyKey: string | undefined,
): Record<string, unknown> {
  const { id = idempotencyKey ?? crypto.randomUUID(), init_image: image, ...others } = body;
  if (idempotencyKey !== undefined && id !== idempotencyKey) {
    throw wrong("id: it is not that of the header Idempotency-Key; send one of them");
  }
  const fields = { ...others, type: "generate", id };
  return image === undefined ? fields : { ...fields, init_image: fileOf(image) };
}

/** A path stays one; `{"base64": …}` and `data:` URLs are the file itself. */
function fileOf(image: unknown): unknown {
  if (typeof image === "string") {
    const [, data] = /^data:[^,]*;base64,(.*)$/s.exec(image) ?? [];
    return data === undefined ? image : decode(data);
  }
  if (typeof image !== "object" || image === null || !("base64" in image)) return image;
  return decode(image.base64);
}

function decode(text: unknown): Uint8Array {
  try {
    return Uint8Array.fromBase64(text as string);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw wrong(`init_image: it is no base64 (${reason})`);
  }
}

function wrong(why: string): HttpProblem {
  const detail = `Invalid parameter: ${why}`;
  return new HttpProblem({ status: 422, code: "invalid_parameter", detail });
}
