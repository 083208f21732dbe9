import { equal, ok } from "node:assert/strict";

Deno.test("giveBackMemory() has the process hold less once much was freed in pieces", async () => {
  if (Deno.build.os !== "linux") return;
  // In a process of its own: what others free or take meanwhile would count.
  const script = `
    import { giveBackMemory } from ${
    JSON.stringify(import.meta.resolve("../../src/transport/mod.ts"))
  };
    const libc = Deno.dlopen("libc.so.6", {
      malloc: { parameters: ["usize"], result: "pointer" },
      memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
      free: { parameters: ["pointer"], result: "void" },
    }).symbols;
    const pieces = Array.from({ length: 20_000 }, () => libc.memset(libc.malloc(2_000n), 1, 2_000n));
    const last = libc.malloc(2_000n); // holds the rest where it is
    for (const piece of pieces) libc.free(piece);
    const before = Deno.memoryUsage().rss;
    giveBackMemory();
    console.log(before - Deno.memoryUsage().rss);`;
  const args = ["run", "--no-prompt", "--allow-ffi", "--allow-read", "-"];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" })
    .spawn();
  await new Blob([script]).stream().pipeTo(child.stdin);
  const { code, stdout } = await child.output();
  equal(code, 0);
  ok(Number(new TextDecoder().decode(stdout)) > 20e6, new TextDecoder().decode(stdout));
});
