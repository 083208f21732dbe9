/** Debian's Prometheus reads the metrics, the alert rules and the queries of the dashboard. */

import assert from "node:assert/strict";
import dashboard from "../../../src/http/metrics/dashboard.json" with { type: "json" };
import { httpSetup } from "../support.ts";
import { polled } from "../../support/polled.ts";
import { tempDir } from "../../support/temp_dir.ts";

const ALERTS = new URL("../../../src/http/metrics/alerts.yml", import.meta.url).pathname;

/** Whether it is installed; where tests must be complete it has to be. */
async function isInstalled(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("promtool", { args: ["--version"] }).output();
    if (success) return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  assert.equal(Deno.env.get("CI"), undefined, "Prometheus is missing: apt-get install prometheus");
  const line = "SKIPPED: Prometheus is missing, apt-get install prometheus\n";
  await Deno.stderr.write(new TextEncoder().encode(line));
  return false;
}

async function promtool(args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  return said;
}

Deno.test("promtool finds nothing wrong with the metrics and the alert rules", async () => {
  if (!await isInstalled()) return;
  await using setup = await httpSetup();
  await (await setup.submit({ id: "a" }, { prefer: "wait=90" })).body?.cancel();
  const text = await (await setup.ask("/metrics")).text();
  assert.equal(await promtool(["check", "metrics"], text), "");
  assert.match(await promtool(["check", "rules", ALERTS]), /SUCCESS: 9 rules found/);
});

/** A Prometheus that asks a worker every 100 ms. */
async function prometheus(target: string, dir: string) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const config = {
    global: { scrape_interval: "100ms", evaluation_interval: "100ms" },
    rule_files: [ALERTS],
    scrape_configs: [{ job_name: "dgx-pixels", static_configs: [{ targets: [target] }] }],
  };
  await Deno.writeTextFile(`${dir}/prometheus.yml`, JSON.stringify(config));
  const child = new Deno.Command("prometheus", {
    args: [
      `--config.file=${dir}/prometheus.yml`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async ask(path: string, query: Record<string, string> = {}) {
      const parameters = new URLSearchParams(query);
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${parameters}`);
      // It says so in plain words while it starts.
      if (answer.status === 503) throw new TypeError(await answer.text());
      return await answer.json();
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Asks until there is an answer; it does not listen at first. */
function eventually<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const patiently = (error: unknown) => {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  };
  return polled(() => ask().catch(patiently), what);
}

Deno.test("a real Prometheus scrapes the worker, and answers every query of the dashboard", async () => {
  if (!await isInstalled()) return;
  await using dir = await tempDir();
  await using setup = await httpSetup();
  await using server = await prometheus(new URL(setup.url).host, dir.path);
  const value = async (query: string) => {
    const { data } = await server.ask("query", { query });
    return data.result[0]?.value[1] as string | undefined;
  };
  await eventually(() => value("dgx_pixels_info"), "the first scrape");
  await (await setup.submit({ id: "a" }, { prefer: "wait=90" })).body?.cancel();
  const ended = 'increase(dgx_pixels_jobs_ended_total{outcome="completed"}[1m]) > 0';
  await eventually(() => value(ended), ended);
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  assert.ok(queries.length >= 15);
  for (const expr of queries) {
    const query = expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".+");
    // Nothing has failed and no disk was looked at: those panels are rightly empty.
    const mayBeEmpty = /attempts_failed|output_free_bytes/.test(query);
    // A rate needs two scrapes.
    await eventually(async () => {
      const { status, error, data } = await server.ask("query", { query });
      assert.equal(status, "success", `${query}: ${error}`);
      return mayBeEmpty || data.result.length > 0 || undefined;
    }, query);
  }
  const rules = await eventually(async () => {
    const { data } = await server.ask("rules");
    const all = data.groups.flatMap((group: { rules: { health: string }[] }) => group.rules);
    return all.every(({ health }: { health: string }) => health !== "unknown") ? all : undefined;
  }, "the rules");
  assert.ok(rules.every(({ health }: { health: string }) => health === "ok"));
});
