import assert from "node:assert/strict";
import { openApiDocument } from "../../../src/http/routes/openapi.ts";

Deno.test("the OpenAPI document has every schema that it refers to, and each operation one name", () => {
  const document = openApiDocument() as {
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: Record<string, unknown> };
  };
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)];
  assert.ok(references.length > 20);
  for (const [, name] of references) assert.ok(document.components.schemas[name!], name);
  const names = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId)
  );
  assert.equal(new Set(names).size, names.length);
});
