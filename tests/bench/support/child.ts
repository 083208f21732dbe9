/** Processes that take part in a measurement and print JSON, one value a line. */

/** A process that runs until it is disposed of. */
export interface Child extends AsyncDisposable {
  /** Process id. */
  readonly pid: number;
  /** The next line that it prints. @throws {Error} if it ends without one. */
  next<T>(): Promise<T>;
  /** Sends it a line. */
  tell(line: string): Promise<void>;
}

/** Where a process is started. */
export interface ChildOptions {
  /** Working directory. */
  cwd?: string;
  /** Variables besides those of the bench. */
  env?: Record<string, string>;
}

/** Starts a process. */
export function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Child {
  const child = new Deno.Command(command, {
    ...options,
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(lineSplitter())
    .getReader();
  const input = child.stdin.getWriter();
  return {
    pid: child.pid,
    async next<T>() {
      const { done, value } = await lines.read();
      if (done) throw new Error(`The process ${command} ${args[0] ?? ""} ended without a word`);
      return JSON.parse(value) as T;
    },
    tell: (line) => input.write(new TextEncoder().encode(`${line}\n`)),
    async [Symbol.asyncDispose]() {
      await input.abort().catch(() => {});
      kill(child);
      await lines.cancel();
      await child.status;
    },
  };
}

/** Runs a process to its end and parses the last line that it prints. */
export async function runChild<T>(command: string, args: readonly string[]): Promise<T> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const text = new TextDecoder().decode(success ? stdout : stderr);
  if (!success) throw new Error(`The process ${command} ${args[0] ?? ""} failed: ${text}`);
  return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as T;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Cuts text into lines. */
export function lineSplitter(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(line);
    },
  });
}
