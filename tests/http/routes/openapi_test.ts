import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { createApp } from "../../../src/http/app.ts";
import type { HttpContext } from "../../../src/http/mod.ts";
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

/** Not for programs that speak this API: the page, the tools of agents, and the document itself. */
const OTHERS = /^(?:\/|\/page\/\*|\/event_stream\.ts|\/mcp|\/openapi\.json)$/;

Deno.test("the OpenAPI document has every route, with its parameters, and no other", () => {
  const { paths } = openApiDocument() as {
    paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>;
  };
  const options = { tokens: undefined, allowedOrigins: [], pingMs: 1, refused: () => 0 };
  const app = createApp({} as HttpContext, options);
  const served = app.routes.filter(({ method, path }) => method !== "ALL" && !OTHERS.test(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const told = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`)
  );
  assert.deepEqual([...new Set(served)].toSorted(), told.toSorted());
  for (const [path, operations] of Object.entries(paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters = [] } of Object.values(operations)) {
      const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => name);
      assert.deepEqual(inPath, names, path);
    }
  }
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
