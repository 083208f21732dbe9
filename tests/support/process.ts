/** The program as its users start it: a process of its own, with the permissions of its task. */

import configFile from "../../deno.json" with { type: "json" };

/** A running program. */
export interface Program extends AsyncDisposable {
  /** Its process id. */
  readonly pid: number;
  /**
   * Resolves with the first log line that says this, `undefined` if the program ends without it; rejects
   * with what was logged if the line does not come in two minutes.
   */
  logged(message: string): Promise<Record<string, unknown> | undefined>;
  /** Sends a signal. */
  signal(signal: Deno.Signal): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Starts `deno task <name>` without the task runner in between, which does not matter to the program. */
export function startTask(
  name: "worker" | "cli" | "demo",
  args: readonly string[],
  options: {
    cwd?: string;
    env?: Record<string, string>;
    unreadStderr?: boolean;
    /** Files and connections that it may have open. */
    mostFiles?: number;
  } = {},
): Program {
  const root = new URL("../../", import.meta.url).pathname;
  const [deno, ...flags] = configFile.tasks[name].command.split(" ");
  if (deno !== "deno") throw new Error(`The task ${name} starts ${deno}, not deno`);
  const relocated = flags.map((flag) => flag === "src/main.ts" ? `${root}src/main.ts` : flag);
  const { mostFiles } = options;
  const limited = mostFiles === undefined
    ? []
    : ["sh", "-c", `ulimit -n ${mostFiles}; exec "$0" "$@"`];
  const [program = "", ...before] = [...limited, Deno.execPath()];
  const child = new Deno.Command(program, {
    args: [
      ...before,
      relocated[0] ?? "",
      `--config=${root}deno.json`,
      ...relocated.slice(1),
      ...args,
    ],
    cwd: options.cwd ?? root,
    clearEnv: true,
    env: { ...inherited(), ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log = new LogReader();
  const stdout = collect(child.stdout, () => {});
  const stderr = options.unreadStderr
    ? child.status.then(() => child.stderr.cancel()).then(() => "")
    : collect(child.stderr, (line) => log.add(line)).finally(() => log.end());
  const ended = Promise.all([child.status, stdout, stderr]).then(([status, out, err]) => ({
    code: status.code,
    stdout: out,
    stderr: err,
  }));
  return {
    pid: child.pid,
    logged: (message) => log.find(message),
    signal: (signal) => child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await ended;
    },
  };
}

/** No more of the environment than Deno needs to find its cache: colours and settings are the test's. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "DENO_DIR"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** Longest wait for a log line, in milliseconds: a test that waits on would take the whole run with it. */
const LINE_MS = 120_000;

class LogReader {
  readonly #lines: Record<string, unknown>[] = [];
  #change = Promise.withResolvers<void>();
  #ended = false;

  add(line: string): void {
    if (!line.startsWith("{")) return;
    this.#lines.push(JSON.parse(line));
    this.#ring();
  }

  end(): void {
    this.#ended = true;
    this.#ring();
  }

  async find(message: string): Promise<Record<string, unknown> | undefined> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#ring();
    }, LINE_MS);
    try {
      for (let next = 0;; next += 1) {
        while (this.#lines[next] === undefined) {
          if (this.#ended) return undefined;
          if (isLate) throw new Error(`No line "${message}" in: ${JSON.stringify(this.#lines)}`);
          await this.#change.promise;
        }
        if (this.#lines[next]?.["message"] === message) return this.#lines[next];
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #ring(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<string> {
  let all = "";
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    all += chunk;
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  return all;
}
