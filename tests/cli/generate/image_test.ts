import assert from "node:assert/strict";
import { decode } from "sixel";
import { askForSixels, detectImages, renderImage } from "../../../src/cli/generate/image.ts";
import { encodePng } from "../../../src/images/mod.ts";

Deno.test("detectImages() knows terminals by what they put into the environment", () => {
  const cases: [Record<string, string>, string | undefined][] = [
    [{}, undefined],
    [{ TERM: "xterm-256color" }, undefined],
    [{ TERM: "xterm-kitty" }, "kitty"],
    [{ TERM: "xterm-256color", KITTY_WINDOW_ID: "3" }, "kitty"],
    [{ TERM: "xterm-ghostty", TERM_PROGRAM: "ghostty" }, "kitty"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app" }, "iterm2"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "WezTerm" }, "iterm2"],
    [{ TERM: "foot" }, "sixel"],
    [{ TERM: "mlterm-256color" }, "sixel"],
    [{ TERM: "footless" }, undefined],
    [{ TERM: "tmux-256color", KITTY_WINDOW_ID: "3" }, undefined],
    [{ TERM: "screen-256color", TERM_PROGRAM: "iTerm.app" }, undefined],
  ];
  for (const [env, expected] of cases) {
    assert.equal(detectImages((name) => env[name]), expected, JSON.stringify(env));
  }
});

Deno.test("renderImage() hands kitty a file in pieces of at most 4096 characters", () => {
  const png = new Uint8Array(7_000).fill(7);
  const text = renderImage(png, "kitty", 30);
  // deno-lint-ignore no-control-regex
  const pieces = [...text.matchAll(/\x1b_G([^;]+);([^\x1b]*)\x1b\\/g)];
  assert.deepEqual(pieces.map((piece) => piece[1]), ["f=100,a=T,q=2,c=29,m=1", "m=1", "m=0"]);
  assert.ok(pieces.every((piece) => (piece[2] ?? "").length <= 4_096));
  const base64 = pieces.map((piece) => piece[2]).join("");
  assert.deepEqual(Uint8Array.fromBase64(base64), png);
});

Deno.test("renderImage() hands iTerm2 a file in one piece", () => {
  const text = renderImage(new Uint8Array([1, 2, 3]), "iterm2", 100);
  assert.equal(
    text,
    "\x1b]1337;File=inline=1;size=3;width=40;preserveAspectRatio=1:AQID\x07\n",
  );
});

Deno.test("askForSixels() believes what the terminal says of itself", async () => {
  const cases: [string | undefined, string | undefined][] = [
    ["\x1b[?62;4;22c", "sixel"],
    ["\x1b[?63;1;2;4c", "sixel"],
    ["\x1b[?4c", undefined],
    ["\x1b[?1;2c", undefined],
    ["\x1b[?64;14;24c", undefined],
    [undefined, undefined],
  ];
  for (const [answer, expected] of cases) {
    const found = await askForSixels({
      askTerminal: (_question, pattern) => {
        assert.ok(answer === undefined || pattern.test(answer), answer);
        return Promise.resolve(answer);
      },
    });
    assert.equal(found, expected, answer);
  }
});

Deno.test("renderImage() draws sixels of as many pixels as fit, each colour as it was", async () => {
  const data = new Uint8Array([255, 0, 0, 255, 0, 0, 255, 255, 0, 255, 0, 255, 9, 9, 9, 0]);
  const png = await encodePng({ width: 2, height: 2, channels: 4, data });
  const text = renderImage(png, "sixel", 30);
  assert.ok(text.startsWith("\x1bP0;0;q") && text.endsWith("\x1b\\\n"), text);
  const { width, height, data32 } = decode(text.slice(text.indexOf("q") + 1, -3));
  assert.deepEqual([width, height], [29 * 8, 29 * 8]);
  const last = width * height - 1;
  const corners = [0, width - 1, last - width + 1, last].map((at) => data32[at]);
  assert.deepEqual(corners, [0xff0000ff, 0xffff0000, 0xff00ff00, 0xff000000]);
});

Deno.test("renderImage() brings an image of many colours down to the 256 that there are", async () => {
  const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * 37) % 256);
  const png = await encodePng({ width: 64, height: 64, channels: 3, data });
  const colours = new Set(renderImage(png, "sixel", 100).match(/#\d+;2;/g));
  assert.ok(colours.size > 100 && colours.size <= 256, `${colours.size} colours`);
});

Deno.test("renderImage() keeps the shape of a wide image, and never leaves out all of its rows", async () => {
  const data = new Uint8Array(600 * 3).fill(255);
  const png = await encodePng({ width: 600, height: 1, channels: 3, data });
  const text = renderImage(png, "sixel", 100);
  assert.match(text, /"1;1;300;1#/);
});
