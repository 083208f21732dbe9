/** `/openapi.json`: OpenAPI 3.1, made of the schemas that check the messages. */

import { Hono } from "hono";
import { type JsonSchema, messagesJsonSchema, PROTOCOL_VERSION } from "../../protocol/mod.ts";
import { HOOK_STATES } from "../options.ts";
import { UPLOADS } from "./images.ts";

/** The route. */
export function openApiRoutes(): Hono {
  const app = new Hono();
  let document: string | undefined;
  app.get("/openapi.json", (c) => {
    document ??= JSON.stringify(openApiDocument());
    return c.body(document, 200, { "content-type": "application/json" });
  });
  return app;
}

/** The document; schemas have the names that they have in the wire protocol's JSON Schema. */
export function openApiDocument(): Record<string, unknown> {
  return {
    openapi: "3.1.0",
    info: {
      title: "dgx-pixels",
      version: PROTOCOL_VERSION,
      description: "Pixel art on ComfyUI: jobs, their updates and their images.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{}, { token: [] }],
    paths: paths(),
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: schemas(),
    },
  };
}

type Operation = Record<string, unknown>;

const SUBMISSION = [
  parameter("Idempotency-Key", "header", { type: "string" }, "Id of the job, if the body has none"),
  parameter("Prefer", "header", { type: "string" }, "`wait=30` waits for the end, up to 120 s"),
];

const PAGE = { type: "integer", minimum: 1, maximum: 1000 };

const JOB_ID = parameter("id", "path", { type: "string" }, "Id of the job");

function paths(): Record<string, Record<string, Operation>> {
  return {
    "/v1/jobs": {
      post: {
        ...operation("submitJob", "Submit a job"),
        parameters: SUBMISSION,
        requestBody: { ...json("SubmitJob"), required: true },
        responses: {
          ...ok("JobInfo", "It ended while the caller waited"),
          "202": { description: "The job is stored", ...json("JobAccepted") },
          ...problems(400, 408, 409, 413, 415, 422, 503),
        },
      },
      get: {
        ...operation("listJobs", "List jobs, newest first"),
        parameters: [
          parameter("state", "query", ref("JobState"), "Only jobs of this state"),
          parameter("limit", "query", PAGE, "Most jobs"),
          parameter("cursor", "query", { type: "string" }, "From the page before"),
          parameter(
            "ids",
            "query",
            { type: "string" },
            "Certain jobs, with commas between their ids",
          ),
          parameter("id", "query", { type: "string" }, "One such job; may be given several times"),
        ],
        responses: { ...ok("JobList", "A page"), ...problems(422) },
      },
    },
    "/v1/jobs/{id}": {
      get: {
        ...operation("getJob", "All that is known of a job"),
        parameters: [JOB_ID],
        responses: { ...ok("JobInfo", "The job"), ...problems(404) },
      },
      delete: {
        ...operation("cancelJob", "Cancel a job, waiting or running"),
        parameters: [JOB_ID],
        responses: { "200": { description: "It is cancelled" }, ...problems(404) },
      },
    },
    "/v1/jobs/{id}/rerun": {
      post: {
        ...operation("rerunJob", "Run a job again, with another seed unless one is given"),
        parameters: [JOB_ID, ...SUBMISSION],
        requestBody: { ...json("JobChanges"), required: false },
        responses: {
          ...ok("JobInfo", "It ended while the caller waited"),
          "202": { description: "The new job is stored", ...json("JobAccepted") },
          ...problems(400, 404, 408, 409, 413, 415, 422, 503),
        },
      },
    },
    "/v1/jobs/{id}/images/{index}": bytes("getImage", "An image of the job", [
      JOB_ID,
      parameter("index", "path", { type: "integer", minimum: 0 }, "Its place, from 0"),
      parameter(
        "thumbnail",
        "query",
        { type: "integer", minimum: 16, maximum: 1024 },
        "Longest side: every second, third … pixel, as PNG; smaller images as they are",
      ),
    ]),
    "/v1/jobs/{id}/preview": bytes("getPreview", "The last preview of a job that runs", [JOB_ID]),
    "/v1/jobs/{id}/sheet": bytes("getSheet", "The sheet of an animation or tile set", [JOB_ID]),
    "/v1/jobs/{id}/atlas": bytes("getAtlas", "Where the frames lie on the sheet, as JSON", [
      JOB_ID,
    ]),
    "/v1/jobs/{id}/gif": bytes("getGif", "The first animation of the job as a GIF", [JOB_ID]),
    "/v1/jobs/{id}/apng": bytes("getApng", "The first animation of the job as an animated PNG", [
      JOB_ID,
    ]),
    "/v1/jobs/{id}/events": events("jobEvents", "Updates of one job until its end", [JOB_ID]),
    "/v1/events": events("events", "Updates of all jobs", []),
    "/v1/images": {
      post: {
        ...operation("uploadImage", "Upload an image to start from"),
        requestBody: {
          required: true,
          content: Object.fromEntries(
            Object.keys(UPLOADS).map((type) => [type, {}]),
          ),
        },
        responses: {
          "201": { description: "Name it as `init_image`" },
          ...problems(408, 409, 413, 415, 503),
        },
      },
    },
    "/v1/models": {
      get: {
        ...operation("listModels", "Models that can be named"),
        parameters: [
          parameter(
            "all_types",
            "query",
            { type: "boolean" },
            "Also those that only a workflow can name",
          ),
        ],
        responses: { ...ok("ModelList", "All of them"), ...problems(503) },
      },
    },
    "/v1/workflows": list("listWorkflows", "Workflows that can be named", "WorkflowList", 503),
    "/v1/palettes": list("listPalettes", "Palettes that can be named", "PaletteList", 503),
    "/v1/servers": {
      ...list("listServers", "ComfyUI servers and how they are", "ServerList"),
      post: {
        ...operation("addServer", "Add a server, until the next start"),
        requestBody: { required: true, ...json("NewServer") },
        responses: {
          "201": { description: "All servers", ...json("ServerList") },
          ...problems(403, 409, 422),
        },
      },
    },
    "/v1/servers/{name}": {
      delete: {
        ...operation("removeServer", "Remove a server when its jobs have ended"),
        parameters: [parameter("name", "path", { type: "string" }, "Name of the server")],
        responses: {
          "202": { description: "All servers", ...json("ServerList") },
          ...problems(403, 404, 409),
        },
      },
    },
    "/v1/workers": list("listWorkers", "Workers that share the queue", "WorkerList", 503),
    ...drains("server", "ServerList", 403, 404),
    ...drains("worker", "WorkerList", 403, 404, 503),
    "/v1/webhooks": {
      get: {
        ...operation("listDeliveries", "What webhooks are told, newest first"),
        parameters: [
          parameter(
            "state",
            "query",
            { enum: HOOK_STATES },
            "Only those; dead ones were given up",
          ),
          parameter("limit", "query", PAGE, "Most of them"),
        ],
        responses: { ...ok("DeliveryList", "Some of them"), ...problems(403, 422) },
      },
    },
    "/v1/webhooks/{id}/retry": {
      post: {
        ...operation("retryDelivery", "Try one again that was given up"),
        parameters: [parameter("id", "path", { type: "string" }, "Id of the delivery")],
        responses: { "202": { description: "It is tried again" }, ...problems(403, 404) },
      },
    },
    "/metrics": {
      get: { ...operation("metrics", "Figures for Prometheus"), ...plain("As text") },
    },
    "/v1/status": list("getStatus", "How busy the worker is", "StatusInfo"),
    "/healthz": {
      get: { ...operation("live", "Whether the process answers"), ...plain("It does") },
    },
    "/readyz": {
      get: {
        ...operation("ready", "Whether a job could run now, and why not"),
        responses: { "200": { description: "It could" }, "503": { description: "It could not" } },
      },
    },
  };
}

/** The messages without their tags, which the path says, and what only HTTP has. */
function schemas(): Record<string, unknown> {
  const defs = messagesJsonSchema().$defs ?? {};
  const named = Object.entries(defs).map(([name, schema]) => [name, withoutTag(moved(schema))]);
  const components = Object.fromEntries(named) as Record<string, JsonSchema>;
  const { GenerateRequest: generate } = components;
  const { id: _id, ...others } = generate?.properties ?? {};
  return {
    ...components,
    JobState: components["ListJobsRequest"]?.properties?.["state"],
    SubmitJob: { ...generate, required: generate?.required?.filter((name) => name !== "id") },
    JobChanges: { type: "object", properties: others },
    WorkflowList: {
      type: "object",
      required: ["workflows", "unusable"],
      properties: {
        ...listOf("workflows", { name: text }).properties,
        ...listOf("unusable", { name: text, error: text }).properties,
      },
    },
    PaletteList: listOf("palettes", { name: text, colors: { type: "array", items: text } }),
    NewServer: {
      type: "object",
      required: ["url"],
      properties: {
        url: { type: "string" },
        name: { type: "string" },
        token: { type: "string" },
        headers: { type: "object", additionalProperties: { type: "string" } },
        weight: { type: "number" },
        max_in_flight: { type: "integer" },
      },
    },
    DeliveryList: {
      type: "object",
      required: ["deliveries"],
      properties: { deliveries: { type: "array", items: ref("Delivery") } },
    },
    Delivery: {
      type: "object",
      required: ["id", "job_id", "url", "state", "attempts", "created_at"],
      properties: {
        id: { type: "string" },
        job_id: { type: "string" },
        url: { type: "string" },
        state: { enum: HOOK_STATES },
        attempts: { type: "integer" },
        created_at: { type: "number" },
        next_at: { type: "number" },
        error: { type: "string" },
      },
    },
    Problem: {
      type: "object",
      required: ["type", "title", "status", "code", "detail"],
      properties: {
        type: { type: "string" },
        title: { type: "string" },
        status: { type: "integer" },
        code: { type: "string" },
        detail: { type: "string" },
      },
    },
  };
}

const text = { type: "string" };

interface ListSchema extends Record<string, unknown> {
  readonly properties: Readonly<Record<string, Record<string, unknown>>>;
}

function listOf(what: string, properties: Record<string, unknown>): ListSchema {
  const items = { type: "object", required: Object.keys(properties), properties };
  return { type: "object", required: [what], properties: { [what]: { type: "array", items } } };
}

function moved(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll("#/$defs/", "#/components/schemas/"));
}

function withoutTag(schema: JsonSchema): JsonSchema {
  const { type: _tag, ...properties } = schema.properties ?? {};
  if (schema.properties === undefined) return schema;
  const required = schema.required?.filter((name) => name !== "type") ?? [];
  return { ...schema, properties, required };
}

function operation(operationId: string, summary: string): Operation {
  return { operationId, summary };
}

function parameter(name: string, place: string, schema: unknown, description: string): Operation {
  return { name, in: place, required: place === "path", description, schema };
}

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

function json(name: string): Operation {
  return { content: { "application/json": { schema: ref(name) } } };
}

function ok(name: string, description: string): Operation {
  return { "200": { description, ...json(name) } };
}

function plain(description: string): Operation {
  return { responses: { "200": { description } } };
}

function problems(...statuses: number[]): Operation {
  const content = { "application/problem+json": { schema: ref("Problem") } };
  const refused = { description: "Refused, with the reason", content };
  return Object.fromEntries(statuses.map((status) => [String(status), refused]));
}

function list(
  operationId: string,
  summary: string,
  schema: string,
  ...refusals: number[]
): Record<string, Operation> {
  const responses = { ...ok(schema, summary), ...problems(...refusals) };
  return { get: { ...operation(operationId, summary), responses } };
}

/** Giving something no more jobs, or jobs again. */
function drains(
  what: "server" | "worker",
  schema: string,
  ...refusals: number[]
): Record<string, Record<string, Operation>> {
  const Name = what.replace(/^./, (first) => first.toUpperCase());
  const post = (action: string, summary: string) => ({
    ...operation(`${action}${Name}`, `Give a ${what} ${summary}`),
    parameters: [parameter("name", "path", { type: "string" }, `Name of the ${what}`)],
    responses: { ...ok(schema, `All ${what}s`), ...problems(...refusals) },
  });
  return {
    [`/v1/${what}s/{name}/drain`]: { post: post("drain", "no more jobs") },
    [`/v1/${what}s/{name}/resume`]: { post: post("resume", "jobs again") },
  };
}

function bytes(
  operationId: string,
  summary: string,
  parameters: Operation[],
): Record<string, Operation> {
  const content = { "application/octet-stream": {} };
  const headers = [
    parameter("Range", "header", text, "A piece: `bytes=0-1023`"),
    parameter("If-Range", "header", text, "ETag of the pieces before; of another file it is all"),
    parameter("If-None-Match", "header", text, "ETag of what is there already"),
  ];
  const responses = {
    "200": { description: summary, content },
    "206": { description: "A piece of it", content },
    "304": { description: "It is there already" },
    "416": { description: "It has no such piece" },
    ...problems(404),
  };
  return {
    get: { ...operation(operationId, summary), parameters: [...parameters, ...headers], responses },
  };
}

function events(
  operationId: string,
  summary: string,
  parameters: Operation[],
): Record<string, Operation> {
  const header = parameter("Last-Event-ID", "header", { type: "string" }, "Go on after this one");
  const responses = {
    "200": { description: "Server-sent events", content: { "text/event-stream": {} } },
    ...problems(404, 503),
  };
  return {
    get: { ...operation(operationId, summary), parameters: [...parameters, header], responses },
  };
}
