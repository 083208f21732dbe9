/** A PostgreSQL of a test file's own: its directory, its port, synced to disk like a real one. */

/** A transaction that is under way. */
export interface OpenTransaction {
  /** Ends it. */
  commit(): Promise<void>;
}

/** A replica. */
export interface Replica {
  /** URL of a schema that names the server that is replicated and this one. */
  url(schema: string): string;
  /** Makes a server of it that takes changes. */
  promote(): void;
  /** Runs SQL, as the cluster does. */
  sql(text: string): string;
}

/** A server that tests may stop and start. */
export interface Cluster {
  /** URL of a schema, which is made by whoever opens it. */
  url(schema: string): string;
  /** Runs SQL and returns what `psql` prints, unaligned. */
  sql(text: string): string;
  /** Runs SQL in a transaction that stays open. */
  begin(text: string): Promise<OpenTransaction>;
  /** Stops it, by default letting nobody finish, like a crash. */
  stop(mode?: "fast" | "immediate"): void;
  /** Starts it again. */
  start(): void;
  /** Makes a replica, without which from now on nothing is committed. */
  replicate(): Replica;
  /** Its first process. */
  pid(): number;
}

/**
 * Starts a cluster that ends with the test process, or says plainly that it cannot, for want of PostgreSQL:
 * with `CI` set that is an error, elsewhere the tests that need it do not run.
 *
 * @param options.settings Further options of the server's command line.
 */
export async function startCluster(
  { connections = 200, settings: more = "" } = {},
): Promise<Cluster | undefined> {
  const bin = await programs();
  if (bin === undefined) {
    const message =
      "PostgreSQL is not installed (apt-get install postgresql): its tests cannot run";
    if (Deno.env.get("CI") !== undefined) throw new Error(message);
    Deno.stderr.writeSync(new TextEncoder().encode(`${message}\n`));
    return undefined;
  }
  const dir = await Deno.makeTempDir({ prefix: "dgx-pixels-pg-" });
  let port = 0;
  // PostgreSQL refuses to run as root.
  const isRoot = command("id", ["-u"]).trim() === "0";
  if (isRoot) command("chown", ["nobody", dir]);
  const run = (program: string, args: readonly string[]) => {
    const path = `${bin}/${program}`;
    if (!isRoot) return command(path, args, dir);
    return command("setpriv", ["--reuid=nobody", "--clear-groups", path, ...args], dir);
  };
  const data = `${dir}/data`;
  run("initdb", ["-D", data, "-U", "pixels", "-A", "trust", "-E", "UTF8", "--no-sync"]);
  const settings = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= " +
    `-c max_connections=${connections} -c shared_buffers=64MB ${more}`;
  const start = () => {
    const options = `-p ${port} ${settings}`;
    void run("pg_ctl", ["-D", data, "-w", "-s", "-l", `${dir}/log`, "-o", options, "start"]);
  };
  const stop = (mode: "fast" | "immediate" = "immediate") =>
    void run("pg_ctl", ["-D", data, "-w", "-s", "-m", mode, "stop"]);
  startAnywhere();
  let stopReplica = () => {};
  globalThis.addEventListener("unload", () => {
    stopReplica();
    try {
      stop();
    } catch {
      // A test has stopped it.
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
  const host = ["-h", "127.0.0.1", "-p", String(port), "-U", "pixels", "-d", "postgres"];
  const psql = (at: number, text: string) => {
    const to = host.map((word) => word === String(port) ? String(at) : word);
    return run("psql", [...to, "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text]);
  };
  const replicate = (): Replica => {
    const other = freePort();
    const copy = `${dir}/replica`;
    const from = ["-h", "127.0.0.1", "-p", String(port), "-U", "pixels"];
    run("pg_basebackup", [...from, "-D", copy, "-R", "-c", "fast", "--no-sync"]);
    const control = (...words: string[]) => void run("pg_ctl", ["-D", copy, "-w", "-s", ...words]);
    control("-l", `${dir}/log2`, "-o", `-p ${other} ${settings}`, "start");
    stopReplica = () => control("-m", "immediate", "stop");
    psql(port, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    psql(port, "SELECT pg_reload_conf()");
    return {
      url: (schema) =>
        `postgres://pixels@127.0.0.1:${port},127.0.0.1:${other}/postgres?schema=${schema}&sslmode=disable`,
      promote: () => control("promote"),
      sql: (text) => psql(other, text),
    };
  };
  return {
    url: (schema) =>
      `postgres://pixels@127.0.0.1:${port}/postgres?schema=${schema}&sslmode=disable`,
    sql: (text) => psql(port, text),
    replicate,
    begin: (text) => openTransaction(`${bin}/psql`, [...host, "-X", "-q"], text),
    start,
    stop,
    pid: () => Number(Deno.readTextFileSync(`${data}/postmaster.pid`).split("\n")[0]),
  };

  /** Another program may take the port before PostgreSQL does. */
  function startAnywhere(): void {
    for (let tries = 4;; tries -= 1) {
      port = freePort();
      try {
        return start();
      } catch (error) {
        if (tries === 0) throw error;
      }
    }
  }
}

async function openTransaction(
  psql: string,
  args: readonly string[],
  text: string,
): Promise<OpenTransaction> {
  const child = new Deno.Command(psql, {
    args: [...args, "-v", "ON_ERROR_STOP=1"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  await writer.write(new TextEncoder().encode(`BEGIN; ${text};\n\\echo done\n`));
  await reader.read();
  return {
    async commit() {
      await writer.write(new TextEncoder().encode("COMMIT;\n"));
      await writer.close();
      await child.status;
      await reader.cancel();
    },
  };
}

async function programs(): Promise<string | undefined> {
  const versions: string[] = [];
  try {
    for await (const { name } of Deno.readDir("/usr/lib/postgresql")) versions.push(name);
  } catch {
    return undefined;
  }
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : `/usr/lib/postgresql/${newest}/bin`;
}

function command(program: string, args: readonly string[], cwd?: string): string {
  // A server that is started keeps what it is given open.
  const pipe = args.includes("start") ? "null" : "piped";
  const output = new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
    stdout: pipe,
    stderr: pipe,
  }).outputSync();
  if (!output.success) {
    const why = pipe === "null" ? "" : new TextDecoder().decode(output.stderr);
    throw new Error(`${program} ${args.join(" ")} failed: ${why}`);
  }
  return pipe === "null" ? "" : new TextDecoder().decode(output.stdout);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
