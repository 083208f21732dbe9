import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  graphEndingIn,
  smallPng,
  type StandInJobs,
  standInJobs,
  startStandIn,
} from "./stand_in.ts";

const encoder = new TextEncoder();

function bytes(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  const whole = parts.flatMap((part) =>
    typeof part === "string" ? [...part].map((char) => char.charCodeAt(0)) : part
  );
  return Uint8Array.from(whole);
}

const MP4 = bytes([0, 0, 0, 16], "ftypisom", [0, 0, 0, 0], [0, 0, 0, 8], "moov");
/** One pixel. */
const GIF = bytes(
  "GIF89a",
  [1, 0, 1, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0],
  ";",
);
const FLAC = bytes("fLaC", [0x80, 0, 0, 34, ...Array.from({ length: 34 }, () => 0)]);

/** Frame of a preview that names neither prompt nor node. */
function socketFrame(format: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(8 + content.length);
  new DataView(frame.buffer).setUint32(0, 1);
  new DataView(frame.buffer).setUint32(4, format);
  frame.set(content, 8);
  return frame;
}

async function filesOf({ dir }: StandInJobs): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
  return names.sort();
}

Deno.test("runJob() delivers files under any key, with extensions of their own, images first", async () => {
  const nodes = {
    Video: (server: { save: (name: string, bytes: Uint8Array<ArrayBuffer>) => unknown }) => ({
      gifs: [server.save("v.mp4", MP4)],
      audio: [server.save("s.flac", FLAC)],
      text: [server.save("t.txt", encoder.encode("a caption\n")), "no file"],
    }),
  };
  await using server = await startStandIn({ nodes });
  const graph = graphEndingIn({ class_type: "Video" }, { class_type: "SaveImage" });
  await using jobs = await standInJobs(server, graph);
  const { outcome } = await jobs.run();
  ok(outcome.type === "completed", JSON.stringify(outcome));
  deepEqual(outcome.imagePaths.map((path) => path.slice(jobs.dir.length + 1)), [
    "j_0.mp4",
    "j_1.png",
    "j_2.flac",
    "j_3.txt",
  ]);
  deepEqual(await Deno.readFile(outcome.imagePaths[0]!), MP4);
});

Deno.test("runJob() delivers an animated file for an animation, and beside frames as one more", async () => {
  const nodes = {
    Anim: (server: { save: (name: string, bytes: Uint8Array<ArrayBuffer>) => unknown }) => ({
      images: [server.save("a.gif", GIF)],
      animated: [true],
    }),
  };
  await using server = await startStandIn({ nodes });
  await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Anim" }));
  const { outcome } = await jobs.run({ animation_frames: 4 });
  ok(outcome.type === "completed", JSON.stringify(outcome));
  deepEqual(await filesOf(jobs), ["j_0.gif"]);
});

Deno.test("runJob() makes no animation of a sound, and no tiles of a film", async () => {
  const cases = [["s.flac", FLAC, { animation_frames: 4 }], ["v.mp4", MP4, {
    tileset_grid: [2, 2],
  }]] as const;
  for (const [name, content, shape] of cases) {
    await using server = await startStandIn({
      nodes: { Any: (server) => ({ images: [server.save(name, content)] }) },
    });
    await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Any" }));
    const { outcome } = await jobs.run(shape);
    ok(outcome.type === "failed" && outcome.code === "output", JSON.stringify(outcome));
    match(outcome.error, /end it in a SaveImage node/);
  }
});

Deno.test("runJob() does not deliver what is no file of a kind that it knows, or has no end", async () => {
  const png = await smallPng();
  const cases: [string, Uint8Array<ArrayBuffer>][] = [
    ["x.webp", encoder.encode("<html>login</html>")],
    ["x.mp4", MP4.subarray(0, 20)],
    ["x.gif", GIF.subarray(0, 12)],
    ["x", encoder.encode("<html>login</html>")],
    ["x.html", encoder.encode("<script>")],
    ["x.png", png.subarray(0, 60)],
    ["x.txt", encoder.encode("<!doctype html>")],
    ["x.json", encoder.encode("{}")],
  ];
  for (const [name, content] of cases) {
    await using server = await startStandIn({
      nodes: { Any: (server) => ({ images: [server.save(name, content)] }) },
    });
    await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Any" }));
    const { outcome } = await jobs.run();
    ok(outcome.type === "failed" && outcome.code === "output" && !outcome.retry, name);
    ok(outcome.error.includes(name), outcome.error);
    deepEqual(await filesOf(jobs), []);
  }
});

Deno.test("runJob() names a file after what is in it where its name says nothing of use", async () => {
  const png = await smallPng();
  for (const name of ["x.json", "x", "x.tmp"]) {
    await using server = await startStandIn({
      nodes: { Any: (server) => ({ images: [server.save(name, png)] }) },
    });
    await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Any" }));
    const { outcome } = await jobs.run();
    ok(outcome.type === "completed");
    deepEqual(outcome.imagePaths, [`${jobs.dir}/j_0.png`]);
  }
});

Deno.test("runJob() delivers the images that a node sends over the event socket", async () => {
  const png = await smallPng();
  const nodes = {
    SaveImageWebsocket: (_server: unknown, tell: (message: Uint8Array<ArrayBuffer>) => void) => {
      tell(socketFrame(2, png));
      tell(socketFrame(2, png));
      return undefined;
    },
    // What a sampler shows on its way is no result.
    KSampler: (_server: unknown, tell: (message: Uint8Array<ArrayBuffer>) => void) => {
      tell(socketFrame(2, png));
      return undefined;
    },
  };
  await using server = await startStandIn({ nodes });
  const graph = graphEndingIn({ class_type: "SaveImageWebsocket" });
  await using jobs = await standInJobs(server, graph);
  const { outcome } = await jobs.run();
  ok(outcome.type === "completed", JSON.stringify(outcome));
  deepEqual(outcome.imagePaths, [`${jobs.dir}/j_0.png`, `${jobs.dir}/j_1.png`]);
});

Deno.test("runJob() runs nothing that would send its images over a socket that there is not", async () => {
  await using server = await startStandIn({
    gate: (_request, { pathname }) =>
      pathname === "/ws" ? new Response("no", { status: 400 }) : undefined,
  });
  const graph = graphEndingIn({ class_type: "SaveImageWebsocket" });
  await using jobs = await standInJobs(server, graph);
  const { outcome } = await jobs.run();
  ok(outcome.type === "failed" && outcome.code === "invalid_parameter" && !outcome.retry);
  match(outcome.error, /event socket.*end it in a SaveImage node/);
  equal(server.posts.length, 0);
});

Deno.test("runJob() writes previews of video nodes without their envelopes, and no others as images", async () => {
  const png = await smallPng();
  const envelope = new Uint8Array(24 + png.length);
  envelope.set([0, 0, 0, 1, 0, 0, 0, 5, 1, 53]);
  envelope.set(png, 24);
  const nodes = {
    KSampler: (_server: unknown, tell: (message: Uint8Array<ArrayBuffer>) => void) => {
      tell(socketFrame(1, envelope));
      tell(socketFrame(1, encoder.encode("\0\0\0\x01 something that is no image at all")));
      return undefined;
    },
  };
  await using server = await startStandIn({ nodes });
  await using jobs = await standInJobs(server, graphEndingIn({ class_type: "SaveImage" }));
  const { outcome, events } = await jobs.run();
  equal(outcome.type, "completed");
  const previews = events.flatMap((event) => event.type === "preview" ? [event.path] : []);
  equal(previews.length, 1);
  deepEqual(await Deno.readFile(previews[0]!), png);
});

Deno.test("runJob() posts the numbers of the file digit by digit", async () => {
  const posted: Promise<string>[] = [];
  await using server = await startStandIn({
    gate: (request, { pathname }) => {
      if (pathname === "/prompt") posted.push(request.clone().text());
      return undefined;
    },
  });
  const graph = JSON.stringify(graphEndingIn({ class_type: "SaveImage", inputs: { a: "A" } }))
    .replace('"A"', "1.0").replace('"denoise":1', '"denoise":1e-0');
  await using jobs = await standInJobs(server, graph);
  const { outcome } = await jobs.run();
  ok(outcome.type === "completed", JSON.stringify(outcome));
  match(String(await posted[0]), /"denoise":1e-0.*"images":\["6",0\],"a":1\.0\}/);
});
