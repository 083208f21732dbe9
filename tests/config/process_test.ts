import { equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";

const HERE = new URL("./fixtures/", import.meta.url);
const FILE = fileURLToPath(new URL("established.yaml", HERE));
const SCRIPT = fileURLToPath(new URL("print_config.ts", HERE));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const IGNORE = "--ignore-env=LOG_STREAM,LOG_TOKENS";

/** What the fixture prints when Deno runs it with these permissions and arguments. */
async function run(permissions: string[], args: string[] = []): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      `--config=${CONFIG}`,
      ...permissions,
      SCRIPT,
      ...args,
    ],
    env: { DGX_PIXELS_DB: "from-the-environment.db" },
  }).output();
  equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("loadConfig() needs no more than DGX_PIXELS_* of the environment", async () => {
  const printed = await run(["--allow-env=DGX_PIXELS_*", IGNORE, `--allow-read=${FILE}`], [FILE]);
  const worker = JSON.parse(printed);
  equal(worker.dbPath, "from-the-environment.db");
  equal(worker.queueMaxSize, 100);
});

Deno.test("loadConfig() sees no variables where it may not read them", async () => {
  equal(JSON.parse(await run([])).dbPath, "./dgx-pixels.db");
});

Deno.test("loadConfig() names the permission that a file needs", async () => {
  const unread = await run([IGNORE], [FILE]);
  match(
    unread,
    /^ConfigError: Cannot read .*: Deno needs --allow-read=.*established\.yaml; check --config$/,
  );
  const unparsed = await run([`--allow-read=${FILE}`], [FILE]);
  match(
    unparsed,
    /^ConfigError: Cannot read .*; start Deno with --ignore-env=LOG_STREAM,LOG_TOKENS$/,
  );
});
