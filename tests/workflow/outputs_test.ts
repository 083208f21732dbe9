import { equal, match, throws } from "node:assert/strict";
import { JobError } from "../../src/errors.ts";
import { checkDeliverable, type Graph, undeliverable } from "../../src/workflow/mod.ts";

/** Classes of which those named end a graph. */
function classes(...outputs: string[]): Record<string, unknown> {
  const all = ["VAEDecode", ...outputs];
  return Object.fromEntries(all.map((name) => [name, { output_node: outputs.includes(name) }]));
}

/** A graph of nodes of these classes. */
function graph(...names: string[]): Graph {
  return Object.fromEntries(
    ["VAEDecode", ...names].map((class_type, id) => [String(id), { class_type, inputs: {} }]),
  );
}

Deno.test("undeliverable() finds graphs that give no file", () => {
  equal(
    undeliverable(graph(), classes()),
    "has no node that saves an image; end it in a SaveImage node",
  );
  for (const name of ["PreviewAny", "SaveLatent", "ShowText|pysssss", "CheckpointSave"]) {
    const why = undeliverable(graph(name), classes(name)) ?? "";
    match(why, new RegExp(`^ends in ${name.replace("|", "\\|")}, which gives no file`));
  }
});

Deno.test("undeliverable() has nothing against graphs that give one, nor against unknown nodes", () => {
  const names = [
    "SaveImage",
    "PreviewImage",
    "SaveImageWebsocket",
    "VHS_VideoCombine",
    "SaveVideo",
  ];
  for (const name of [...names, "SaveAudioMP3", "SomebodysSaver"]) {
    equal(undeliverable(graph(name), classes(name)), undefined);
    equal(undeliverable(graph("PreviewAny", name), classes("PreviewAny", name)), undefined);
  }
});

Deno.test("undeliverable() does not judge what the server does not tell of", () => {
  equal(undeliverable(graph("PreviewAny", "Unknown"), classes("PreviewAny")), undefined);
});

Deno.test("checkDeliverable() refuses forms that the graph has no images for", () => {
  function check(
    name: string,
    shape: { animation_frames?: number; tileset_grid?: [number, number] },
  ) {
    checkDeliverable("w", graph(name), classes(name), shape);
  }
  check("SaveVideo", { animation_frames: 4 });
  check("SaveAnimatedWEBP", { animation_frames: 4 });
  check("SaveImage", { tileset_grid: [2, 2] });
  const cases = [
    ["SaveVideo", { tileset_grid: [2, 2] }, /^Invalid parameter: tileset_grid: .*still images/],
    [
      "SaveAudio",
      { animation_frames: 4 },
      /^Invalid parameter: animation_frames: w gives only sound/,
    ],
    ["PreviewAny", {}, /^Invalid parameter: workflow: w ends in PreviewAny/],
  ] as const;
  for (const [name, shape, message] of cases) {
    throws(() => check(name, { ...shape } as Parameters<typeof check>[1]), (error: unknown) => {
      match((error as Error).message, message);
      return error instanceof JobError && error.code === "invalid_parameter";
    });
  }
});
