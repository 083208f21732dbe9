import assert from "node:assert/strict";
import { type HttpSetup, httpSetup, statusOf } from "../support.ts";
import { decodePng, encodePng } from "../../../src/images/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function finished(setup: HttpSetup, fields: Record<string, unknown>): Promise<string[]> {
  const answer = await setup.submit(fields, { prefer: "wait=90" });
  return (await answer.json()).image_paths;
}

Deno.test("GET …/images/{n} gives pieces, says when nothing has changed, and nothing beyond the end", async () => {
  await using setup = await httpSetup();
  const [path] = await finished(setup, { id: "a" });
  const whole = await Deno.readFile(path!);
  const get = (headers: Record<string, string>) => setup.ask("/v1/jobs/a/images/0", { headers });
  const piece = await get({ range: "bytes=1-3" });
  assert.equal(piece.status, 206);
  assert.equal(piece.headers.get("content-range"), `bytes 1-3/${whole.length}`);
  assert.deepEqual(await piece.bytes(), whole.slice(1, 4));
  const tail = await get({ range: "bytes=-4" });
  assert.deepEqual(await tail.bytes(), whole.slice(-4));
  const beyond = await get({ range: `bytes=${whole.length}-` });
  assert.equal(beyond.status, 416);
  await beyond.body?.cancel();
  const several = await get({ range: "bytes=0-1,3-4" });
  assert.equal(several.status, 200);
  const etag = several.headers.get("etag")!;
  await several.body?.cancel();
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    assert.equal((await get({ "if-none-match": known })).status, 304, known);
  }
  for (const [file, status] of [[etag, 206], ['"other"', 200]] as const) {
    const { status: found, body } = await get({ range: "bytes=0-1", "if-range": file });
    await body?.cancel();
    assert.equal(found, status, file);
  }
});

Deno.test("an image that is not there is 404, whatever its number", async () => {
  await using setup = await httpSetup();
  const [path] = await finished(setup, { id: "a" });
  for (const index of ["1", "-1", "0.5", "x", "__proto__", "1e99"]) {
    const answer = await setup.ask(`/v1/jobs/a/images/${index}`);
    assert.equal(answer.status, 404, index);
    await answer.body?.cancel();
  }
  await Deno.remove(path!);
  const gone = await setup.ask("/v1/jobs/a/images/0");
  assert.match((await gone.json()).detail, /no longer in the output/);
});

Deno.test("a link that leads out of the output directory is not followed", async () => {
  await using setup = await httpSetup();
  await using elsewhere = await tempDir();
  const [path] = await finished(setup, { id: "a" });
  await Deno.writeTextFile(`${elsewhere.path}/secret`, "secret");
  await Deno.remove(path!);
  await Deno.symlink(`${elsewhere.path}/secret`, path!);
  const answer = await setup.ask("/v1/jobs/a/images/0");
  assert.equal(answer.status, 404);
  assert.doesNotMatch(await answer.text(), /secret"/);
});

Deno.test("an animation can be had as files that play, another image cannot", async () => {
  await using setup = await httpSetup();
  await finished(setup, { id: "wave", animation_frames: 2, size: [512, 512] });
  await finished(setup, { id: "still" });
  for (const kind of ["gif", "apng"]) {
    const played = await setup.ask(`/v1/jobs/wave/${kind}`);
    assert.equal(played.headers.get("content-type"), `image/${kind}`);
    assert.ok((await played.bytes()).length > 100);
    const none = await setup.ask(`/v1/jobs/still/${kind}`);
    assert.equal(none.status, 404);
    assert.match(await none.text(), /no such animation/);
  }
});

Deno.test("a tile set has a sheet and an atlas", async () => {
  await using setup = await httpSetup();
  await finished(setup, { id: "walk", tileset_grid: [2, 2], size: [128, 128] });
  const sheet = await setup.ask("/v1/jobs/walk/sheet");
  assert.equal(sheet.headers.get("content-type"), "image/png");
  await sheet.body?.cancel();
  const atlas = await setup.ask("/v1/jobs/walk/atlas");
  assert.equal(atlas.headers.get("content-type"), "application/json");
  assert.ok("frames" in await atlas.json());
  await finished(setup, { id: "plain" });
  const none = await setup.ask("/v1/jobs/plain/sheet");
  assert.equal(none.status, 404);
  await none.body?.cancel();
});

Deno.test("POST /v1/images takes an image once, by what it is, for jobs to start from", async () => {
  await using input = await tempDir();
  await using setup = await httpSetup({ "input-dir": input.path });
  const png = await encodePng({ width: 8, height: 8, channels: 3, data: new Uint8Array(192) });
  const upload = (body: BodyInit) => setup.ask("/v1/images", { method: "POST", body });
  const { init_image } = await (await upload(png)).json();
  assert.match(init_image, /^uploads\/[0-9a-f]{64}\.png$/);
  assert.equal((await (await upload(png)).json()).init_image, init_image);
  assert.equal((await Array.fromAsync(Deno.readDir(`${input.path}/uploads`))).length, 1);
  const answer = await setup.submit({ init_image, denoise: 0.4 }, { prefer: "wait=90" });
  assert.equal((await answer.json()).state, "completed");
  for (const body of ["<svg/>", new Uint8Array(0), "GIF89a and more"]) {
    const refused = await upload(body);
    assert.equal(refused.status, 415);
    await refused.body?.cancel();
  }
});

Deno.test("POST /v1/images says so where an upload cannot be kept", async () => {
  await using input = await tempDir();
  await using setup = await httpSetup({ "input-dir": input.path });
  await Deno.writeTextFile(`${input.path}/uploads`, "a file where the folder should be");
  const body = await encodePng({ width: 8, height: 8, channels: 3, data: new Uint8Array(192) });
  const answer = await setup.ask("/v1/images", { method: "POST", body });
  assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "60"]);
  assert.match((await answer.json()).detail, /cannot keep uploads now/);
});

Deno.test("POST /v1/images says what to do where there is no input directory", async () => {
  await using setup = await httpSetup();
  const answer = await setup.ask("/v1/images", { method: "POST", body: "x" });
  assert.equal(answer.status, 409);
  assert.match((await answer.json()).detail, /set input\.input_dir,/);
});

Deno.test("below the floor of free disk space nothing more is taken, and the metrics tell how much there is", async () => {
  await using dir = await tempDir();
  const config = `${dir.path}/config.yaml`;
  await Deno.writeTextFile(config, "output: { min_free_mb: 500 }\n");
  const freeBytes = () => Promise.resolve(12e6);
  await using setup = await httpSetup({ config, "input-dir": dir.path }, { freeBytes });
  const upload = await setup.ask("/v1/images", { method: "POST", body: new Uint8Array(10) });
  assert.equal(upload.status, 503);
  assert.match((await upload.json()).detail, /12 MB left, 500 MB must stay free/);
  const job = await setup.submit();
  assert.equal(job.status, 503);
  assert.equal(job.headers.get("retry-after"), "5");
  assert.match((await job.json()).detail, /^Backend busy: .* 12 MB left/);
  const metrics = await (await setup.ask("/metrics")).text();
  assert.match(metrics, /^dgx_pixels_output_free_bytes 12000000$/m);
});

Deno.test("a thumbnail keeps every second, third … pixel, and a small image stays as it is", async () => {
  await using setup = await httpSetup();
  const [path] = await finished(setup, { id: "a", size: [128, 64] });
  const width = 100;
  const data = Uint8Array.from({ length: width * 60 * 4 }, (_, index) => {
    const pixel = index >> 2;
    return index % 4 === 3 ? 255 : index % 4 === 0 ? pixel % width : Math.floor(pixel / width);
  });
  const whole = await encodePng({ width, height: 60, channels: 4, data });
  await Deno.writeFile(path!, whole);
  const get = (query: string, headers: Record<string, string> = {}) =>
    setup.ask(`/v1/jobs/a/images/0?thumbnail=${query}`, { headers });
  const small = await get("33");
  assert.equal(small.headers.get("content-type"), "image/png");
  assert.equal(small.headers.get("x-content-type-options"), "nosniff");
  const etag = small.headers.get("etag")!;
  const image = decodePng(await small.bytes());
  // 100 / 33 goes up to steps of 4 pixels.
  assert.deepEqual([image.width, image.height], [25, 15]);
  assert.deepEqual([...image.data.subarray(4, 6)], [6, 2]);
  assert.equal(await statusOf(get("33", { "if-none-match": etag })), 304);
  assert.deepEqual(await (await get("100")).bytes(), whole);
  for (const wrong of ["", "0", "15", "1025", "-64", "64.5", "x"]) {
    const answer = await get(wrong);
    assert.deepEqual([answer.status, (await answer.json()).code], [422, "invalid_parameter"]);
  }
  await Deno.writeTextFile(path!, "no image");
  const strange = await get("33");
  assert.equal(strange.headers.get("content-type"), "application/octet-stream");
  assert.equal(await strange.text(), "no image");
});

Deno.test("no thumbnail is made of an image that would hold up the worker", async () => {
  await using setup = await httpSetup();
  const [path] = await finished(setup, { id: "a" });
  const data = new Uint8Array(2_049 * 2_049 * 3);
  await Deno.writeFile(path!, await encodePng({ width: 2_049, height: 2_049, channels: 3, data }));
  const answer = await setup.ask("/v1/jobs/a/images/0?thumbnail=64");
  assert.deepEqual([answer.status, (await answer.json()).code], [413, "too_large"]);
});
