import { deepEqual, equal, match, ok } from "node:assert/strict";
import { decodePng, encodePng } from "../../../src/images/mod.ts";
import { drawArt, enlargeArt, spoil } from "../../pixels/support.ts";
import { run } from "../fake_io.ts";

const ART = drawArt({ width: 24, height: 20, colors: 9, seed: 4 });

/** A directory with an image of blurred cells of 9.5 pixels. */
async function withImage(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const image = spoil(enlargeArt(ART, 9.5), 1, 4, 2);
    const png = await encodePng({ ...image, channels: 4 }, { prompt: "a knight" });
    await Deno.writeFile(`${dir}/in.png`, png);
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function read(path: string) {
  return decodePng(await Deno.readFile(path));
}

Deno.test("pixelize writes an indexed PNG of one pixel a cell, keeps texts and tells what it found", async () => {
  await withImage(async (dir) => {
    const { exitCode, json } = await run([
      "pixelize",
      `${dir}/in.png`,
      "-o",
      `${dir}/out.png`,
      "--json",
    ]);
    equal(exitCode, 0);
    const [line, ...more] = json();
    deepEqual(more, []);
    deepEqual([line!["size"], line!["cells"], line!["sure"], line!["colors"]], [
      [24, 20],
      [24, 20],
      true,
      9,
    ]);
    deepEqual([line!["file"], line!["output"]], [`${dir}/in.png`, `${dir}/out.png`]);
    deepEqual((line!["pitch"] as number[]).map((pitch) => Math.abs(pitch - 9.5) < 0.05), [
      true,
      true,
    ]);
    const out = await read(`${dir}/out.png`);
    deepEqual([out.width, out.height, out.text], [24, 20, { prompt: "a knight" }]);
    ok(out.data.every((level, at) => Math.abs(level - ART.data[at]!) <= 4));
    equal(
      (await Deno.readFile(`${dir}/out.png`))[25],
      3,
      "the colour type is not that of palettes",
    );
  });
});

Deno.test("pixelize puts results beside images or into a directory, with enlargements", async () => {
  await withImage(async (dir) => {
    const beside = await run(["pixelize", `${dir}/in.png`]);
    equal(beside.exitCode, 0);
    match(beside.stdout(), /in\.pixel\.png: 24x20 cells of 9\.5\d? pixels, 9 colours, sure\n$/);
    const { exitCode, json } = await run([
      "pixelize",
      `${dir}/in.png`,
      "--output-dir",
      `${dir}/new/deep`,
      "--scale",
      "2,5",
      "--size",
      "32x32",
      "--json",
    ]);
    equal(exitCode, 0);
    deepEqual(json()[0]!["scaled"], [`${dir}/new/deep/in@2x.png`, `${dir}/new/deep/in@5x.png`]);
    const [small, large] = [
      await read(`${dir}/new/deep/in.png`),
      await read(`${dir}/new/deep/in@5x.png`),
    ];
    deepEqual([small.width, small.height, large.width, large.height], [32, 32, 160, 160]);
    ok(large.data.every((level, at) => {
      const [x, y] = [(at >> 2) % 160, Math.floor((at >> 2) / 160)];
      return level === small.data[(Math.floor(y / 5) * 32 + Math.floor(x / 5)) * 4 + (at & 3)];
    }));
  });
});

Deno.test("pixelize goes on after a bad image, and ends with 1", async () => {
  await withImage(async (dir) => {
    await Deno.writeTextFile(`${dir}/bad.png`, "no image");
    const files = [`${dir}/missing.png`, `${dir}/bad.png`, `${dir}/in.png`];
    const { exitCode, json } = await run([
      "pixelize",
      ...files,
      "--output-dir",
      `${dir}/out`,
      "--json",
    ]);
    equal(exitCode, 1);
    const lines = json();
    deepEqual(lines.map(({ file }) => file), files);
    match(String(lines[0]!["error"]), /Cannot read .*missing\.png/);
    match(String(lines[1]!["error"]), /neither a PNG nor a JPEG/);
    equal(lines[2]!["error"], undefined);
  });
});

Deno.test("pixelize says which kind of image it cannot read", async () => {
  await withImage(async (dir) => {
    await Deno.writeTextFile(`${dir}/a.png`, "RIFF\0\0\0\0WEBPVP8L");
    const { exitCode, stderr } = await run(["pixelize", `${dir}/a.png`]);
    equal(exitCode, 1);
    match(stderr(), /a\.png: .*it is neither a PNG nor a JPEG, but a WebP; convert it\n$/);
  });
});

Deno.test("pixelize reads palettes by name and from files, and says which names there are", async () => {
  await withImage(async (dir) => {
    await Deno.writeTextFile(`${dir}/two.hex`, "102030\nf0e0d0\n");
    const two = await run(["pixelize", `${dir}/in.png`, "--palette", `${dir}/two.hex`, "--json"]);
    equal(two.json()[0]!["colors"], 2);
    const out = await read(`${dir}/in.pixel.png`);
    const used = new Set(
      Array.from({ length: 480 }, (_, n) => out.data.subarray(n * 4, n * 4 + 3).toHex()),
    );
    deepEqual([...used].sort(), ["102030", "f0e0d0"]);
    equal((await run(["pixelize", `${dir}/in.png`, "--palette", "PICO8"])).exitCode, 0);
    const unknown = await run(["pixelize", `${dir}/in.png`, "--palette", "pico9"]);
    equal(unknown.exitCode, 2);
    match(unknown.stderr(), /There is no palette pico9; there are .*pico-8/);
    await Deno.writeTextFile(`${dir}/no.png`, "102030\n");
    const bad = await run(["pixelize", `${dir}/in.png`, "--palette", `${dir}/no.png`]);
    equal(bad.exitCode, 2);
    match(bad.stderr(), /^error: Cannot read the palette .*no\.png: .*neither a PNG nor a JPEG\n$/);
  });
});

Deno.test("pixelize makes an animation of frames, a GIF or a PNG", async () => {
  await withImage(async (dir) => {
    const frames = [`${dir}/in.png`, `${dir}/in.png`, `${dir}/in.png`];
    for (const [name, head] of [["a.gif", "GIF89a"], ["a.png", "acTL"]] as const) {
      const line = [
        "pixelize",
        ...frames,
        "--sequence",
        "-o",
        `${dir}/${name}`,
        "--duration",
        "80",
        "--json",
      ];
      equal((await run(line)).exitCode, 0);
      const bytes = await Deno.readFile(`${dir}/${name}`);
      ok(new TextDecoder("latin1").decode(bytes).includes(head));
      ok(bytes.length > 300);
    }
  });
});

Deno.test("pixelize tells whether an image is a tile, and extrudes it", async () => {
  await withImage(async (dir) => {
    const { json } = await run(["pixelize", `${dir}/in.png`, "--tile", "--extrude", "2", "--json"]);
    equal(typeof (json()[0]!["tile"] as { tileable: boolean }).tileable, "boolean");
    const out = await read(`${dir}/in.pixel.png`);
    deepEqual([out.width, out.height], [28, 24]);
    deepEqual(json()[0]!["size"], [28, 24]);
  });
});

const WRONG: readonly (readonly string[])[] = [
  ["pixelize"],
  ["pixelize", "a.png", "--size", "64"],
  ["pixelize", "a.png", "--size", "0x64"],
  ["pixelize", "a.png", "--size", "99999x1"],
  ["pixelize", "a.png", "--colors", "256"],
  ["pixelize", "a.png", "--dither", "random"],
  ["pixelize", "a.png", "--scale", "1.5"],
  ["pixelize", "a.png", "--scale", "99"],
  ["pixelize", "a.png", "b.png", "-o", "c.png"],
  ["pixelize", "a.png", "-o", "c.png", "--output-dir", "d"],
  ["pixelize", "a.png", "--holes"],
  ["pixelize", "a.png", "--outline", "black"],
  ["pixelize", "a.png", "--duration", "100"],
  ["pixelize", "a.png", "--nonsense"],
  ["pixelize", "a.png", "-o", "b.jpg"],
  ["pixelize", "a.png", "--sequence", "-o", "b.jpg"],
  ["pixelize", "a/x.png", "b/x.jpg", "--output-dir", "d"],
  ["pixelize", "x.png", "x.jpg"],
];

for (const line of WRONG) {
  Deno.test(`the command line \`${line.join(" ")}\` is wrong, and says why`, async () => {
    const { exitCode, stderr, stdout } = await run(line);
    equal(exitCode, 2);
    match(stderr(), /error: /);
    equal(stdout(), "");
  });
}

Deno.test("pixelize never puts a result in the place of an image, whatever it is called", async () => {
  await withImage(async (dir) => {
    await Deno.mkdir(`${dir}/deep`);
    await Deno.symlink(`${dir}/in.png`, `${dir}/link.png`);
    await Deno.copyFile(`${dir}/in.png`, `${dir}/deep/in.png`);
    await Deno.copyFile(`${dir}/in.png`, `${dir}/x@4x.png`);
    const before = await Deno.readFile(`${dir}/in.png`);
    const lines = [
      ["in.png", "-o", `${dir}/in.png`],
      ["in.png", "--output-dir", dir],
      ["in.png", "--output-dir", `${dir}/`],
      ["in.png", "-o", `${dir}/deep/../in.png`],
      ["in.png", "-o", `${dir}/link.png`],
      ["link.png", "-o", `${dir}/in.png`],
      ["in.png", "deep/in.png", "--output-dir", `${dir}/deep`],
      ["x@4x.png", "-o", `${dir}/x.png`, "--scale", "2,4"],
      ["in.png", "in.png", "--sequence", "-o", `${dir}/deep/../in.png`],
    ];
    for (const [file, ...flags] of lines) {
      const files = [file!, ...flags].map((part) =>
        /^[^/-].*\.png$/.test(part) ? `${dir}/${part}` : part
      );
      const { exitCode, stderr } = await run(["pixelize", ...files]);
      equal(exitCode, 2, files.join(" "));
      match(stderr(), /would take the place of/);
    }
    deepEqual(await Deno.readFile(`${dir}/in.png`), before);
    deepEqual(await Deno.readFile(`${dir}/deep/in.png`), before);
    deepEqual((await Array.fromAsync(Deno.readDir(dir))).length, 4);
  });
});

Deno.test("pixelize leaves nothing behind where an enlargement is too large or cannot be written", async () => {
  await withImage(async (dir) => {
    const huge = ["--size", "900x4", "--scale", "2,64"];
    const large = await run(["pixelize", `${dir}/in.png`, "-o", `${dir}/new/out.png`, ...huge]);
    equal(large.exitCode, 1);
    match(large.stderr(), /^error: .*57600x256 pixels is more than can be handled/);
    await Deno.mkdir(`${dir}/out@4x.png`);
    const taken = await run([
      "pixelize",
      `${dir}/in.png`,
      "-o",
      `${dir}/out.png`,
      "--scale",
      "2,4",
    ]);
    equal(taken.exitCode, 1);
    match(taken.stderr(), /Cannot write .*out@4x\.png/);
    const left = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
    deepEqual(left.sort(), ["in.png", "out@4x.png"]);
  });
});

Deno.test("pixelize refuses frames of several sizes, and says which", async () => {
  await withImage(async (dir) => {
    const small = await encodePng({ width: 2, height: 1, channels: 3, data: new Uint8Array(6) });
    await Deno.writeFile(`${dir}/small.png`, small);
    const { exitCode, stderr } = await run([
      "pixelize",
      `${dir}/in.png`,
      `${dir}/small.png`,
      "--sequence",
    ]);
    equal(exitCode, 2);
    match(stderr(), /one size, but .*in\.png has 228x190 pixels and .*small\.png 2x1\n$/);
  });
});

Deno.test("pixelize reads a pipe", async () => {
  await withImage(async (dir) => {
    equal((await new Deno.Command("mkfifo", { args: [`${dir}/pipe.png`] }).output()).code, 0);
    const args = ["-c", 'cat "$0" > "$1"', `${dir}/in.png`, `${dir}/pipe.png`];
    await using _writer = new Deno.Command("sh", { args }).spawn();
    const { exitCode } = await run(["pixelize", `${dir}/pipe.png`, "-o", `${dir}/out.png`]);
    equal(exitCode, 0);
    equal((await read(`${dir}/out.png`)).width, 24);
  });
});

Deno.test("pixelize says in words what is noteworthy", async () => {
  await withImage(async (dir) => {
    const blue = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => at % 3 === 2 ? 200 : 20);
    const png = await encodePng({ width: 64, height: 64, channels: 3, data: blue });
    await Deno.writeFile(`${dir}/blue.png`, png);
    const gone = await run(["pixelize", `${dir}/blue.png`, "--transparent", "--size", "32x64"]);
    match(
      gone.stdout(),
      /: 32x64 cells of 2 pixels, 0 colours, sure, made to fit the size asked for, all of it taken for background\n$/,
    );
    const one = await run(["pixelize", `${dir}/blue.png`]);
    match(one.stdout(), /: 64x64 cells of 1 pixel, 1 colour, sure\n$/);
  });
});

Deno.test("pixelize loads neither sockets nor what validates messages", async () => {
  const { loadedBy } = await import("../../support/module_graph.ts");
  const loaded = await loadedBy(new URL("../../../src/cli/pixelize/command.ts", import.meta.url));
  deepEqual(loaded.filter((name) => /^npm:\/?(?:zeromq|zod|yaml|@msgpack)/.test(name)), []);
  const start = await loadedBy(new URL("../../../src/main.ts", import.meta.url));
  deepEqual(start.filter((name) => /^npm:/.test(name)), []);
});

Deno.test("pixelize does not wait until the modules of all other commands have been read", async () => {
  const { readBefore } = await import("../../support/module_graph.ts");
  const entries = ["main.ts", "cli/pixelize/declare.ts"].map((path) =>
    readBefore(new URL(`../../../src/${path}`, import.meta.url))
  );
  const read = (await Promise.all(entries)).flat();
  ok(read.some((name) => name.endsWith("/src/cli/pixelize/command.ts")));
  deepEqual(
    read.filter((name) => /zeromq|\/zod|\/src\/(?:worker|protocol\/schemas)/.test(name)),
    [],
  );
});
