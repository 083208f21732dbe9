import assert from "node:assert/strict";
import { renderUnit } from "../../../src/cli/service/unit.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { run } from "../fake_io.ts";

Deno.test("what means something to systemd is escaped", () => {
  const unit = renderUnit({
    command: ["/opt/a b/deno", "--flag=100%", "$HOME", 'say "hi"\\', "a;b"],
    configFile: "/etc/x.yaml",
  });
  const start = unit.split("\n").find((line) => line.startsWith("ExecStart="));
  const expected = '"/opt/a b/deno" --flag=100%% $$HOME "say \\"hi\\"\\\\" "a;b"';
  assert.equal(start, `ExecStart=${expected} worker --config /etc/x.yaml`);
});

Deno.test("a line of a name cannot become a line of the unit", () => {
  const unit = renderUnit({ command: ["/deno"], configFile: "/etc/x\nUser=root" });
  assert.ok(!unit.split("\n").includes("User=root"));
});

Deno.test("the unit leaves what Deno and ZeroMQ do not start without, as was seen under a real systemd", () => {
  const lines = renderUnit({ command: ["/deno"], configFile: "/etc/x.yaml" }).split("\n");
  // Priorities of threads and the limit of open files; a system call that is refused ends no process.
  assert.ok(
    !lines.some((line) => line.startsWith("SystemCallFilter=") && line.includes("@resources")),
  );
  assert.ok(lines.includes("SystemCallErrorNumber=EPERM"));
  assert.ok(lines.some((line) => /^RestrictAddressFamilies=.*\bAF_NETLINK\b/.test(line)));
  assert.ok(!lines.some((line) => line.startsWith("ExecReload=/bin/kill")));
});

Deno.test("service print wants a whole path", async () => {
  const { exitCode, stderr } = await run(["service", "print", "--config=worker.yaml"]);
  assert.equal(exitCode, 2);
  assert.match(stderr(), /whole path, got worker\.yaml/);
});

Deno.test("service print works in a checkout whose folder has any name", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/é %41`;
  await Deno.symlink(new URL("../../../", import.meta.url), root);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", `${root}/src/main.ts`, "service", "print", "--config", "/x.yaml"],
    stderr: "null",
  }).output();
  assert.equal(code, 0);
  const unit = new TextDecoder().decode(stdout);
  const escaped = root.replaceAll("%", "%%");
  assert.ok(unit.includes(` "${escaped}/src/main.ts" worker --config /x.yaml\n`), unit);
});

async function analyze(args: readonly string[]): Promise<string | undefined> {
  try {
    const command = new Deno.Command("systemd-analyze", { args: [...args] });
    const { code, stdout, stderr } = await command.output();
    const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
    assert.equal(code, 0, said);
    return said;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    assert.equal(Deno.env.get("CI"), undefined, "systemd is missing: apt-get install systemd");
    const line = "SKIPPED: systemd-analyze is missing, apt-get install systemd\n";
    await Deno.stderr.write(new TextEncoder().encode(line));
    return undefined;
  }
}

Deno.test("systemd takes the unit as it is printed, and finds little exposed", async () => {
  await using dir = await tempDir();
  const { exitCode, stdout } = await run(["service", "print"]);
  assert.equal(exitCode, 0);
  const path = `${dir.path}/dgx-pixels.service`;
  await Deno.writeTextFile(path, stdout());
  const complaints = await analyze(["verify", path]);
  if (complaints === undefined) return;
  // Unknown keys are only complained of, with exit code 0.
  assert.equal(complaints, "");
  const said = await analyze(["security", "--offline=true", "--threshold=20", path]);
  assert.match(said ?? "", /Overall exposure level for dgx-pixels\.service: [01]\.\d OK/);
});
