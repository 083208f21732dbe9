/** The atlas in the parsers of the game engines themselves, without a line of glue. */

import { deepEqual, equal } from "node:assert/strict";
import { createRequire } from "node:module";
import { describeSheet, sheetLayout } from "../../../src/images/mod.ts";
import { parsePixi } from "./pixi.ts";

const LAYOUT = sheetLayout(5, 32, 24, 3);

function atlas(name: string) {
  const about = { image: "x_sheet.png", names: [], app: "me" };
  const made = describeSheet(LAYOUT, { ...about, durationMs: 80, tag: { name, loops: true } });
  return JSON.parse(JSON.stringify(made));
}

const CORNERS = LAYOUT.cells.map(({ x, y, w, h }) => [x, y, w, h]);

Deno.test("PixiJS plays the atlas: its animation has every frame, cut where it is", async () => {
  const { animations, warnings } = await parsePixi(atlas("walk-job"), LAYOUT);
  deepEqual(Object.keys(animations), ["walk-job"]);
  deepEqual(animations["walk-job"], CORNERS);
  deepEqual(warnings, []);
});

interface PhaserFrame {
  readonly cutX: number;
  readonly cutY: number;
  readonly cutWidth: number;
  readonly cutHeight: number;
}

interface PhaserAnimation {
  readonly key: string;
  readonly duration: number;
  readonly frames: readonly { duration: number; textureFrame: string; frame: PhaserFrame }[];
}

/** Phaser's page needs a browser, its parts do not; they are reached from its package file. */
function phaser() {
  const require = createRequire(import.meta.resolve("phaser/package.json"));
  const Texture = require("./src/textures/Texture.js");
  const AnimationManager = require("./src/animations/AnimationManager.js");
  const jsonHash = require("./src/textures/parsers/JSONHash.js");
  const textures = new Map<string, { get(name: string): PhaserFrame }>();
  const cache = new Map<string, unknown>();
  const game = { events: { once() {} }, cache: { json: cache } };
  const manager = new AnimationManager(game);
  manager.textureManager = {
    getFrame: (key: string, name: string) => textures.get(key)?.get(name),
  };
  return {
    load(key: string, json: unknown) {
      const texture = new Texture(undefined, key, []);
      const { width, height } = LAYOUT;
      texture.source.push({ width, height, isRenderTexture: false });
      textures.set(key, jsonHash(texture, 0, json));
      cache.set(key, json);
    },
    createFromAseprite: (key: string): PhaserAnimation[] => manager.createFromAseprite(key),
  };
}

Deno.test("Phaser plays the atlas: createFromAseprite() makes its animation with every frame", () => {
  const engine = phaser();
  engine.load("hero", atlas("walk-job"));
  const [animation, ...others] = engine.createFromAseprite("hero");
  deepEqual(others, []);
  equal(animation?.key, "walk-job");
  const found = animation?.frames.map(({ frame }) => {
    return [frame.cutX, frame.cutY, frame.cutWidth, frame.cutHeight];
  });
  deepEqual(found, CORNERS);
  deepEqual(animation?.frames.map(({ duration }) => duration), [80, 80, 80, 80, 80]);
});

Deno.test("Phaser plays two atlases of different jobs side by side", () => {
  const engine = phaser();
  engine.load("a", atlas("walk-a"));
  engine.load("b", atlas("walk-b"));
  const keys = ["a", "b"].flatMap((key) => engine.createFromAseprite(key).map(({ key }) => key));
  deepEqual(keys, ["walk-a", "walk-b"]);
});

Deno.test("The parsers play nothing of an atlas with names for keys and no animations", async () => {
  const old = atlas("walk");
  old.frames = Object.fromEntries(
    Object.entries(old.frames).map(([key, frame]) => [`x_000${key}.png`, frame]),
  );
  delete old.animations;
  const engine = phaser();
  engine.load("old", old);
  deepEqual(engine.createFromAseprite("old").flatMap(({ frames }) => frames), []);
  deepEqual((await parsePixi(old, LAYOUT)).animations, {});
});
