/** A bound for every test: one that waits for ever fails by its name, and the others go on. */

/** What Deno reads the place of a test from, which else is where `Deno.test` is called. */
const PLACE = Symbol.for("Deno.test.location");

type Body = (context: Deno.TestContext) => void | Promise<void>;

/** A way to register tests: those that set no `timeout` get this one. */
export function bounded(register: Deno.DenoTest, mostMs: number): Deno.DenoTest {
  return new Proxy(register, {
    apply(target, self, given: unknown[]) {
      const { body, ...options } = readTest(given);
      Object.assign(body, { [PLACE]: callerOf(this.apply) });
      return Reflect.apply(target, self, [{ timeout: mostMs, ...options, fn: body }]);
    },
  });
}

/** One shape for all that `Deno.test` takes. */
function readTest(given: readonly unknown[]): { body: Body } & Record<string, unknown> {
  const names = given.filter((one) => typeof one === "string").map((name) => ({ name }));
  const functions = given.filter((one) => typeof one === "function");
  const { fn, ...options } = Object.assign({}, ...given.filter((one) => typeof one === "object"));
  const body = functions[0] ?? fn;
  return { name: body.name, ...options, ...names[0], body };
}

/** Where a function was called, as `file:line:column`. */
function callerOf(called: unknown): string | undefined {
  const held = { stack: "" };
  Error.captureStackTrace(held, called as () => void);
  return /file:\/\/.*?:\d+:\d+/.exec(held.stack)?.[0];
}
