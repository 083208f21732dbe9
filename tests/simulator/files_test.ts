import { deepEqual, equal, match } from "node:assert/strict";
import type { JsonObject, Simulator } from "../../src/simulator/mod.ts";
import { encodePng } from "../../src/images/mod.ts";
import { decodePng } from "../../src/simulator/files/png.ts";
import {
  ask,
  filesOf,
  node,
  plainImage,
  run,
  startFast,
  StepClock,
  textToImage,
} from "./support.ts";

/** A small PNG in one colour, half of it transparent. */
function tinyPng(red: number): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array([red, 0, 0, 255, red, 0, 0, 0]);
  return encodePng({ width: 2, height: 1, data, channels: 4 });
}

async function upload(
  { url }: Simulator,
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  fields: Record<string, string> = {},
  route = "/upload/image",
): Promise<{ status: number; body: JsonObject }> {
  const form = new FormData();
  form.append("image", new File([bytes], name));
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  const response = await fetch(url + route, { method: "POST", body: form });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : {} };
}

async function view({ url }: Simulator, query: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/view?${query}`, { headers });
  return { status: response.status, headers: response.headers, bytes: await response.bytes() };
}

Deno.test("SaveImage counts up from what is there, with an underscore after the number", async () => {
  await using simulator = await startFast();
  const save = async (prefix: string, color: number, batch = 1) => {
    const prompt = plainImage({ color, batch_size: batch }, { filename_prefix: prefix });
    const entry = await run(simulator, prompt);
    const { images } = (entry.outputs as Record<string, JsonObject>)["2"] ?? {};
    return (images as JsonObject[]).map(({ subfolder, filename }) => [subfolder, filename]);
  };
  deepEqual(await save("x", 1), [["", "x_00001_.png"]]);
  deepEqual(await save("x", 2, 2), [["", "x_00002_.png"], ["", "x_00003_.png"]]);
  deepEqual(await save("x_y", 3), [["", "x_y_00001_.png"]]);
  deepEqual(await save("x", 4), [["", "x_00004_.png"]]);
  deepEqual(await save("sub/dir/x", 5), [["sub/dir", "x_00001_.png"]]);
  deepEqual(await save("sub/./other/../dir/x", 6), [["sub/dir", "x_00002_.png"]]);
  deepEqual(await save("", 7), [["", "._00001_.png"]]);
  deepEqual(await save("foo/", 8), [["", "foo_00001_.png"]]);
  deepEqual(await save("foo/", 9), [["", "foo_00001_.png"]]);
  deepEqual(await save("q%batch_num%", 10, 2), [["", "q0_00001_.png"], ["", "q1_00002_.png"]]);
  deepEqual(await save("q%batch_num%", 11), [["", "q0_00001_.png"]]);
  deepEqual(await save("%width%x%height%", 12), [["", "4x4_00001_.png"]]);
  deepEqual(await save("%date:yyyy-MM-dd%", 13), [["", "%date:yyyy-MM-dd%_00001_.png"]]);
});

Deno.test("SaveImage fills in the server's local time", async () => {
  const clock = new StepClock();
  await using simulator = await startFast({ clock });
  const prefix = "%year%-%month%-%day% %hour%.%minute%.%second%";
  const entry = await run(simulator, plainImage({}, { filename_prefix: prefix }));
  const now = new Date(clock.now());
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(".");
  deepEqual(filesOf(entry, "2"), [`${date} ${time}_00001_.png`]);
});

Deno.test("SaveImage refuses to leave its folder, as an error of execution", async () => {
  await using simulator = await startFast();
  for (const prefix of ["../x", "/etc/x", "a/../../x"]) {
    const entry = await run(simulator, plainImage({}, { filename_prefix: prefix }));
    const { messages } = entry.status as { messages: [string, JsonObject][] };
    const [name, error] = messages.at(-1) ?? [];
    deepEqual([name, error?.exception_type], ["execution_error", "Exception"]);
    match(String(error?.exception_message), /^\*\*\*\* ERROR: Saving image outside the output/);
  }
});

Deno.test("SaveImage writes prompt and extra_pnginfo into the PNG, in ASCII", async () => {
  await using simulator = await startFast();
  const extra = { workflow: { title: "Ünïcode 🎨" }, note: "n" };
  const prompt = textToImage({ seed: 5 });
  const entry = await run(simulator, prompt, { extra_data: { extra_pnginfo: extra } });
  const { bytes } = await view(simulator, `filename=${filesOf(entry, "7")[0]}`);
  const { text, width, height } = decodePng(bytes);
  deepEqual([width, height], [64, 64]);
  deepEqual(Object.keys(text), ["prompt", "workflow", "note"]);
  deepEqual(JSON.parse(text.prompt ?? ""), prompt);
  equal(text.workflow, '{"title": "\\u00dcn\\u00efcode \\ud83c\\udfa8"}');
});

Deno.test("The prompt in a PNG carries is_changed, the history does not", async () => {
  await using simulator = await startFast();
  await upload(simulator, await tinyPng(1), "in.png");
  const entry = await run(simulator, {
    "1": node("LoadImage", { image: "in.png" }),
    "2": node("SaveImage", { images: ["1", 0], filename_prefix: "x" }),
  });
  const { bytes } = await view(simulator, "filename=x_00001_.png");
  const prompt = JSON.parse(decodePng(bytes).text.prompt ?? "");
  match(prompt["1"].is_changed[0], /^[0-9a-f]{64}$/);
  equal(JSON.stringify(entry.prompt).includes("is_changed"), false);
});

Deno.test("PreviewImage writes to temp under five random letters", async () => {
  await using simulator = await startFast();
  const entry = await run(simulator, {
    "1": plainImage()["1"]!,
    "2": node("PreviewImage", { images: ["1", 0] }),
  });
  const { images } = (entry.outputs as Record<string, { images: JsonObject[] }>)["2"]!;
  equal(images[0]?.type, "temp");
  match(String(images[0]?.filename), /^ComfyUI_temp_[a-z]{5}_00001_\.png$/);
  equal((await view(simulator, `type=temp&filename=${images[0]?.filename}`)).status, 200);
});

Deno.test("GET /view sends the file with its validators, 304 and byte ranges", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage({}, { filename_prefix: "sub/x" }));
  const query = "filename=x_00001_.png&subfolder=sub";
  const whole = await view(simulator, query);
  equal(whole.headers.get("content-type"), "image/png");
  equal(whole.headers.get("content-disposition"), 'filename="x_00001_.png"');
  equal(whole.headers.get("cache-control"), null);
  const etag = whole.headers.get("etag") ?? "";
  const since = whole.headers.get("last-modified") ?? "";
  equal((await view(simulator, query, { "if-none-match": etag })).status, 304);
  equal((await view(simulator, query, { "if-none-match": '"other"' })).status, 200);
  equal((await view(simulator, query, { "if-modified-since": since })).status, 304);
  const size = whole.bytes.length;
  const parts: [range: string, from: number, to: number][] = [
    ["bytes=2-5", 2, 6],
    [`bytes=${size - 3}-`, size - 3, size],
    ["bytes=-4", size - 4, size],
    ["bytes=0-999999", 0, size],
  ];
  for (const [range, from, to] of parts) {
    const part = await view(simulator, query, { range });
    equal(part.status, 206);
    equal(part.headers.get("content-range"), `bytes ${from}-${to - 1}/${size}`);
    deepEqual(part.bytes, whole.bytes.slice(from, to));
  }
  for (const range of [`bytes=${size}-`, "bytes=5-2", "lines=1-2"]) {
    equal((await view(simulator, query, { range })).status, 416, range);
  }
});

Deno.test("GET /view re-encodes for preview and channel, without the text chunks", async () => {
  await using simulator = await startFast();
  await upload(simulator, await tinyPng(200), "in.png");
  const query = "type=input&filename=in.png";
  for (const preview of ["jpeg;80", "jpeg", "jpeg;999"]) {
    const jpeg = await view(simulator, `${query}&preview=${preview}`);
    equal(jpeg.headers.get("content-type"), "image/jpeg");
    deepEqual([...jpeg.bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  }
  const rgb = decodePng((await view(simulator, `${query}&channel=rgb`)).bytes);
  deepEqual([rgb.hasAlpha, [...rgb.rgba]], [false, [200, 0, 0, 255, 200, 0, 0, 255]]);
  const alpha = decodePng((await view(simulator, `${query}&channel=a`)).bytes);
  deepEqual([...alpha.rgba], [0, 0, 0, 255, 0, 0, 0, 0]);
  const plain = decodePng((await view(simulator, `${query}&channel=rgba`)).bytes);
  equal(plain.hasAlpha, true);
});

Deno.test("GET /view refuses paths that lead elsewhere", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage({}, { filename_prefix: "sub/x" }));
  const cases: [query: string, status: number][] = [
    ["", 404],
    ["filename=", 400],
    ["filename=/etc/passwd", 400],
    ["filename=a..b.png", 400],
    ["filename=..%2Fx.png", 400],
    ["filename=x.png&type=models", 400],
    ["filename=x.png&subfolder=..", 403],
    ["filename=x.png&subfolder=/etc", 403],
    ["filename=x.png&subfolder=sub/../..", 403],
    ["filename=nope.png", 404],
    ["filename=x_00001_.png&subfolder=sub/../sub", 200],
    ["filename=elsewhere/x_00001_.png&subfolder=sub", 200],
    ["filename=x_00001_.png [output]&subfolder=sub&type=temp", 200],
  ];
  for (const [query, status] of cases) {
    const answer = await view(simulator, query);
    equal(answer.status, status, query);
    if (status >= 400) equal(answer.bytes.length, 0);
  }
});

Deno.test("POST /upload/image reuses a name for the same bytes and renames for others", async () => {
  await using simulator = await startFast();
  const [one, two] = [await tinyPng(1), await tinyPng(2)];
  const name = async (...upload_: [Uint8Array<ArrayBuffer>, Record<string, string>?]) => {
    const [bytes, fields] = upload_;
    return (await upload(simulator, bytes, "t.png", fields)).body.name;
  };
  equal(await name(one), "t.png");
  equal(await name(one), "t.png");
  equal(await name(two), "t (1).png");
  equal(await name(two), "t (1).png");
  equal(await name(await tinyPng(3)), "t (2).png");
  equal(await name(two, { overwrite: "true" }), "t.png");
  deepEqual((await view(simulator, "type=input&filename=t.png")).bytes, two);
  const placed = await upload(simulator, one, "t.png", { subfolder: "a/b", type: "temp" });
  deepEqual(placed.body, { name: "t.png", subfolder: "a/b", type: "temp" });
  equal((await view(simulator, "type=temp&subfolder=a/b&filename=t.png")).status, 200);
  const info = (await ask(simulator, "GET /object_info/LoadImage")).json() as Record<string, {
    input: { required: { image: unknown[] } };
  }>;
  deepEqual(info.LoadImage?.input.required.image[0], ["t (1).png", "t (2).png", "t.png"]);
});

Deno.test("POST /upload/image refuses what is no upload, and paths that lead elsewhere", async () => {
  await using simulator = await startFast({ maxUploadBytes: 5000 });
  const png = await tinyPng(1);
  equal((await ask(simulator, "POST /upload/image", "x")).status, 400);
  equal((await upload(simulator, png, "../t.png")).status, 400);
  equal((await upload(simulator, png, "/etc/t.png")).status, 400);
  equal((await upload(simulator, png, "t.png", { subfolder: "../x" })).status, 400);
  equal((await upload(simulator, png, "t.png", { type: "models" })).status, 500);
  const large = await ask(simulator, "POST /upload/image", "x".repeat(5001));
  equal(large.status, 413);
  equal(large.text, "Maximum request body size 5000 exceeded.");
  equal((await ask(simulator, "POST /prompt", "x".repeat(5001))).status, 413);
  const stream = new Blob(["x".repeat(9000)]).stream();
  const chunked = await fetch(`${simulator.url}/prompt`, { method: "POST", body: stream });
  equal(chunked.status, 413);
  await chunked.body?.cancel();
});

Deno.test("POST /upload/mask lays the transparency of the upload upon the image", async () => {
  await using simulator = await startFast();
  const data = new Uint8Array([9, 8, 7, 6, 5, 4]);
  const original = await encodePng({ width: 2, height: 1, data, channels: 3 }, { prompt: "kept" });
  await upload(simulator, original, "photo.png");
  const reference = JSON.stringify({ filename: "photo.png", subfolder: "", type: "input" });
  const mask = await tinyPng(1);
  const answer = await upload(
    simulator,
    mask,
    "mask.png",
    { original_ref: reference },
    "/upload/mask",
  );
  deepEqual(answer.body, { name: "mask.png", subfolder: "", type: "input" });
  const { rgba, text } = decodePng((await view(simulator, "type=input&filename=mask.png")).bytes);
  deepEqual([...rgba], [9, 8, 7, 255, 6, 5, 4, 0]);
  deepEqual(text, { prompt: "kept" });
  equal((await upload(simulator, mask, "m2.png", {}, "/upload/mask")).status, 500);
  const nowhere = { original_ref: JSON.stringify({ filename: "../x.png" }) };
  const silent = await upload(simulator, mask, "m3.png", nowhere, "/upload/mask");
  deepEqual([silent.status, silent.body.name], [200, "m3.png"]);
  equal((await view(simulator, "type=input&filename=m3.png")).status, 404);
});

Deno.test("Simulator keeps files in the directories that it is given, and empties only its temp", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${root}/precious.txt`, "mine");
    await Deno.mkdir(`${root}/temp`);
    await Deno.writeTextFile(`${root}/temp/old.png`, "old");
    const directories = { outputDir: `${root}/out`, inputDir: `${root}/in`, tempDir: root };
    await using simulator = await startFast(directories);
    const prompt = {
      ...plainImage({}, { filename_prefix: "sub/x" }),
      "3": node("PreviewImage", { images: ["1", 0] }),
    };
    await run(simulator, prompt);
    await upload(simulator, await tinyPng(1), "in.png");
    deepEqual(await names(`${root}/out/sub`), ["x_00001_.png"]);
    deepEqual(await names(`${root}/in`), ["in.png"]);
    const [preview, ...others] = await names(`${root}/temp`);
    match(preview ?? "", /^ComfyUI_temp_/);
    deepEqual(others, []);
    equal((await view(simulator, "filename=x_00001_.png&subfolder=sub")).status, 200);
    equal((await view(simulator, "filename=sub")).status, 404);
    equal(await Deno.readTextFile(`${root}/precious.txt`), "mine");
    await simulator.faults.restart();
    deepEqual(await names(`${root}/temp`), []);
    deepEqual(await names(`${root}/out/sub`), ["x_00001_.png"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}
