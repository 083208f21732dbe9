import { deepEqual, equal, match, ok } from "node:assert/strict";
import { graphEndingIn, standInJobs, startStandIn } from "./stand_in.ts";

const GRAPH = graphEndingIn({ class_type: "SaveImage" });

/** What stands between a worker and `/ws` may answer anything. */
const ANSWERS: readonly (readonly [what: string, answer: () => Response])[] = [
  ["400", () => new Response("No WebSocket UPGRADE hdr: None", { status: 400 })],
  ["404", () => new Response(null, { status: 404 })],
  ["502", () => new Response("Bad Gateway", { status: 502 })],
  ["200", () => new Response("<html>welcome</html>")],
  ["a redirect", () => new Response(null, { status: 302, headers: { location: "/login" } })],
];

for (const [what, answer] of ANSWERS) {
  Deno.test(`runJob() runs jobs where /ws answers ${what}, and says what is lost`, async () => {
    await using server = await startStandIn({
      gate: (_request, { pathname }) => pathname === "/ws" ? answer() : undefined,
    });
    await using jobs = await standInJobs(server, GRAPH);
    for (const jobId of ["a", "b"]) {
      const { outcome } = await jobs.run({}, { jobId });
      ok(outcome.type === "completed", JSON.stringify(outcome));
      deepEqual(outcome.imagePaths, [`${jobs.dir}/${jobId}_0.png`]);
    }
    equal(server.posts.length, 2);
    const warnings = jobs.logged.filter((message) => message.includes("no event socket"));
    equal(warnings.length, 1);
    match(warnings[0]!, /no progress within a job, no previews/);
  });
}

Deno.test("runJob() tries once for a file that the server refuses to give, and names it", async () => {
  await using server = await startStandIn({
    gate: (_request, { pathname }) =>
      pathname === "/view" ? new Response("no", { status: 400 }) : undefined,
  });
  await using jobs = await standInJobs(server, GRAPH);
  const { outcome } = await jobs.run();
  ok(outcome.type === "failed" && outcome.code === "output" && !outcome.retry);
  match(outcome.error, /x_1_\.png/);
});

Deno.test("runJob() tries once to post a prompt that the server will not take", async () => {
  for (const status of [400, 403, 413, 422]) {
    await using server = await startStandIn({
      gate: ({ method }, { pathname }) =>
        method === "POST" && pathname === "/prompt"
          ? new Response("Maximum request body size 1 exceeded", { status })
          : undefined,
    });
    await using jobs = await standInJobs(server, GRAPH);
    const { outcome } = await jobs.run();
    ok(outcome.type === "failed" && outcome.code === "rejected" && !outcome.retry, `${status}`);
    ok(!outcome.keepPrompt);
    match(outcome.error, new RegExp(`${status}`));
    equal(server.hits.filter((hit) => hit === "POST /prompt").length, 1);
  }
});
