import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
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

Deno.test("the OpenAPI document is valid by the schema of OpenAPI 3.1", async () => {
  const served: Record<string, unknown> = JSON.parse(JSON.stringify(openApiDocument()));
  const validator = new Validator();
  const { valid, errors } = await validator.validate(served);
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
  const broken = await new Validator().validate({ ...served, paths: { "/x": { get: 1 } } });
  assert.ok(!broken.valid);
});
