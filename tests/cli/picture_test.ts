import assert from "node:assert/strict";
import { detectPictures, renderPicture } from "../../src/cli/picture.ts";

Deno.test("detectPictures() knows terminals by what they put into the environment", () => {
  const cases: [Record<string, string>, string | undefined][] = [
    [{}, undefined],
    [{ TERM: "xterm-256color" }, undefined],
    [{ TERM: "xterm-kitty" }, "kitty"],
    [{ TERM: "xterm-256color", KITTY_WINDOW_ID: "3" }, "kitty"],
    [{ TERM: "xterm-ghostty", TERM_PROGRAM: "ghostty" }, "kitty"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app" }, "iterm2"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "WezTerm" }, "iterm2"],
    [{ TERM: "tmux-256color", KITTY_WINDOW_ID: "3" }, undefined],
    [{ TERM: "screen-256color", TERM_PROGRAM: "iTerm.app" }, undefined],
  ];
  for (const [env, expected] of cases) {
    assert.equal(detectPictures((name) => env[name]), expected, JSON.stringify(env));
  }
});

Deno.test("renderPicture() hands kitty a file in pieces of at most 4096 characters", () => {
  const png = new Uint8Array(7_000).fill(7);
  const text = renderPicture(png, "kitty", 30);
  // deno-lint-ignore no-control-regex
  const pieces = [...text.matchAll(/\x1b_G([^;]+);([^\x1b]*)\x1b\\/g)];
  assert.deepEqual(pieces.map((piece) => piece[1]), ["f=100,a=T,q=2,c=29,m=1", "m=1", "m=0"]);
  assert.ok(pieces.every((piece) => (piece[2] ?? "").length <= 4_096));
  const base64 = pieces.map((piece) => piece[2]).join("");
  assert.deepEqual(Uint8Array.fromBase64(base64), png);
});

Deno.test("renderPicture() hands iTerm2 a file in one piece", () => {
  const text = renderPicture(new Uint8Array([1, 2, 3]), "iterm2", 100);
  assert.equal(
    text,
    "\x1b]1337;File=inline=1;size=3;width=40;preserveAspectRatio=1:AQID\x07\n",
  );
});
