import assert from "node:assert/strict";
import configFile from "../../../deno.json" with { type: "json" };
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { run } from "../../cli/fake_io.ts";
import { startCluster } from "../../support/postgres.ts";

const cluster = await startCluster();

if (cluster !== undefined) {
  Deno.test("db webhooks lists what was given up on PostgreSQL, with the rights of its task", async () => {
    const url = cluster.url("care");
    await using queue = await openPostgresQueue({ url, worker: "a" });
    const hook = "https://hooks.example.org/x?token=hush";
    const put = (id: string) => ({ id, jobId: "a", url: hook, host: "h:1", body: "{}" });
    await queue.outbox.put([put("msg_1"), put("msg_2")]);
    await queue.outbox.settle("msg_1", { type: "dead", error: "HTTP 410" });
    const line = "msg_1\ta\thttps://hooks.example.org/x?token=***\t0\tHTTP 410\n";
    const [, ...flags] = configFile.tasks.cli.command.split(" ");
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...flags, "db", "webhooks", `--db=${url}`],
      cwd: new URL("../../../", import.meta.url).pathname,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), line, new TextDecoder().decode(stderr));
  });

  Deno.test("db webhooks says what is wrong with a database that holds no queue, or is away", async () => {
    const empty = await run(["db", "webhooks", `--db=${cluster.url("nothing")}`]);
    assert.notEqual(empty.exitCode, 0);
    assert.match(empty.stderr(), /Cannot read the outbox: relation "deliveries" does not exist/);
    const away = await run([
      "db",
      "webhooks",
      "--db=postgres://me:hush@127.0.0.1:1/jobs?sslmode=disable",
    ]);
    assert.match(away.stderr(), /Backend busy: the queue is away.*127\.0\.0\.1:1/);
    assert.doesNotMatch(away.stderr(), /hush/);
  });
}
