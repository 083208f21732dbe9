import assert from "node:assert/strict";
import { startSimulator } from "../../../src/simulator/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";
import * as graphs from "../../workflow/graphs.ts";
import { run } from "../fake_io.ts";

Deno.test("validate-workflows finds the built-in workflows good, alone and with the simulator", async () => {
  for (const options of [[], ["--simulate"]]) {
    const { code, lines } = await validate(...options);
    assert.equal(code, 0);
    assert.ok(lines.length >= 12);
    assert.ok(lines.every((line) => /^[\w-]+: ok$/.test(line)), lines.join("\n"));
  }
});

Deno.test("worker validate-workflows is the same, with flags of its own", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/broken.json`, "{\n");
  const args = ["worker", "validate-workflows", "--workflow-dir", dir.path];
  const { exitCode, stdout } = await run(args);
  assert.equal(exitCode, 1);
  assert.match(stdout(), /^broken: Cannot read the workflow/);
});

Deno.test("validate-workflows has one line for each workflow, and says what is wrong", async () => {
  await using dir = await tempDir();
  const write = (name: string, text: string) => Deno.writeTextFile(`${dir.path}/${name}`, text);
  const graph = graphs.graphOf({
    ...graphs.STOCK,
    ckpt: ["CheckpointLoaderSimple", { ckpt_name: "of-the-request.safetensors" }],
  });
  await write("good.json", JSON.stringify(graph));
  await write("broken.json", "{\n");
  await write("editor.json", JSON.stringify({ nodes: [], links: [] }));
  await write("stray.map.json", "{}");
  const alone = await validate("--workflow-dir", dir.path);
  assert.equal(alone.code, 1);
  assert.equal(alone.lines.length, 5);
  assert.match(alone.lines[0] ?? "", /^broken: Cannot read the workflow .*broken\.json: /);
  assert.match(alone.lines[1] ?? "", /^editor: it is in the format of the editor; export it/);
  assert.equal(alone.lines[2], "good: ok");
  assert.match(alone.lines[3] ?? "", /^stray\.map: .* belongs to no workflow/);
  assert.match(
    alone.lines[4] ?? "",
    /^The workflow pixel_art_workflow, which the settings name \(workflows\.default_workflow\), is not in/,
  );
});

Deno.test("validate-workflows looks at the workflows that the settings name, and names the setting", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/mine.json`, JSON.stringify(graphs.graphOf(graphs.STOCK)));
  const settings = async (...lines: string[]) => {
    const text = ["workflows:", `workflow_dir: ${dir.path}`, ...lines].join("\n  ");
    await Deno.writeTextFile(`${dir.path}/worker.yaml`, `${text}\n`);
    return await validate("--config", `${dir.path}/worker.yaml`);
  };
  const { code, lines } = await settings("default_workflow: mine");
  assert.deepEqual([code, lines], [0, ["mine: ok"]]);
  const misspelt = await settings("default_workflow: mien");
  assert.equal(misspelt.code, 1);
  assert.match(
    misspelt.lines[1] ?? "",
    /^The workflow mien, which the settings name \(workflows\.default_workflow\), is not in .*; there are: mine$/,
  );
  const animation = await settings("default_workflow: mine", "for_animation: dance");
  assert.match(animation.lines[1] ?? "", /^The workflow dance, .*\(workflows\.for_animation\)/);
});

Deno.test("validate-workflows says of a workflow that it would refuse every request", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/flux.json`, JSON.stringify(graphs.graphOf(graphs.FLUX)));
  const { code, lines } = await validate("--workflow-dir", dir.path);
  assert.equal(code, 1);
  assert.match(
    lines[0] ?? "",
    /^flux: no node takes the cfg_scale, .*"ignore": \["cfg_scale"\] \}$/,
  );
  await Deno.writeTextFile(`${dir.path}/flux.map.json`, '{ "ignore": ["cfg_scale"] }');
  assert.equal((await validate("--workflow-dir", dir.path)).lines[0], "flux: ok");
});

Deno.test("validate-workflows says what a server would refuse", async () => {
  await using simulator = await startSimulator();
  await using dir = await tempDir();
  const bad: typeof graphs.STOCK = {
    ...graphs.STOCK,
    extra: ["Unheard Of", {}],
    sampler: ["KSampler", { ...graphs.STOCK["sampler"]![1], sampler_name: "eulr", steps: 0 }],
  };
  await Deno.writeTextFile(`${dir.path}/bad.json`, JSON.stringify(graphs.graphOf(bad)));
  const { code, lines } = await validate(
    `--workflow-dir=${dir.path}`,
    `--comfyui-url=${simulator.url}/`,
  );
  assert.equal(code, 1);
  assert.deepEqual(lines.map((line) => line.slice(0, 24)).sort(), [
    "The workflow pixel_art_w",
    "bad: needs the node clas",
    "bad: sampler_name: Comfy",
    "bad: steps: ComfyUI take",
  ]);
});

Deno.test("validate-workflows says what the server will put in the place of a class that it lacks", async () => {
  await using simulator = await startSimulator();
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  await using server = Deno.serve(options, async ({ url }) => {
    const { pathname } = new URL(url);
    const answer = await fetch(simulator.url + pathname);
    if (pathname !== "/object_info") return answer;
    const { ImageScaleBy: _old, ...classes } = await answer.json();
    return Response.json(classes);
  });
  await using dir = await tempDir();
  const nodes: typeof graphs.STOCK = {
    ...graphs.STOCK,
    larger: ["ImageScaleBy", { image: ["decode", 0], upscale_method: "area", scale_by: 2 }],
    save: ["SaveImage", { images: ["larger", 0], filename_prefix: "x" }],
  };
  await Deno.writeTextFile(`${dir.path}/old.json`, JSON.stringify(graphs.graphOf(nodes)));
  const url = `--comfyui-url=http://127.0.0.1:${server.addr.port}`;
  const { lines } = await validate(`--workflow-dir=${dir.path}`, url);
  assert.deepEqual(lines.slice(0, 2), [
    'old: the node class "ImageScaleBy" will be replaced by "ResizeImageMaskNode"',
    "old: ok",
  ]);
});

Deno.test("validate-workflows asks a server with the token that the settings have for it", async () => {
  const simulator = await startSimulator();
  await using _stop = simulator;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    if (request.headers.get("authorization") !== "Bearer sesame") {
      return new Response("login", { status: 401 });
    }
    const { pathname } = new URL(request.url);
    return fetch(`${simulator.url}${pathname}`);
  });
  await using dir = await tempDir();
  const url = `http://127.0.0.1:${server.addr.port}`;
  const settings = (token: string) =>
    Deno.writeTextFile(
      `${dir.path}/worker.yaml`,
      `comfyui:\n  servers:\n    - url: ${url}\n      token: ${token}\n`,
    );
  const args = ["--config", `${dir.path}/worker.yaml`, "--comfyui-url"];
  await settings("sesame");
  assert.equal((await validate(...args, `${url}/`)).code, 0);
  await settings("barley");
  const refused = await validate(...args, url);
  assert.equal(refused.code, 3);
  assert.match(refused.complaint, /401: login; give the server's token/);
  assert.ok(!refused.complaint.includes("barley"));
});

Deno.test("validate-workflows ends with 2 for what it was told wrongly, with 3 without an answer", async () => {
  await using dir = await tempDir();
  const codes = [
    ["--workflow-dir", `${dir.path}/absent`],
    ["--workflow-dir", dir.path],
    ["--comfyui-url", "somewhere"],
    ["--comfyui-url", "http://127.0.0.1:8188", "--simulate"],
    ["unexpected"],
  ];
  for (const options of codes) {
    assert.equal((await validate(...options)).code, 2, options.join(" "));
  }
  const simulator = await startSimulator();
  await simulator.close();
  const { code, complaint } = await validate("--comfyui-url", simulator.url);
  assert.equal(code, 3);
  assert.match(complaint, /^error: Cannot ask ComfyUI at http:\/\/127\.0\.0\.1:\d+: /);
});

Deno.test("validate-workflows says which graphs give nothing to deliver, and of which nobody can tell", async () => {
  await using simulator = await startSimulator();
  const own = (input: string, type: string) => ({
    input: { required: { [input]: [type, {}] } },
    output: [],
    output_node: true,
  });
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  await using server = Deno.serve(options, async ({ url }) => {
    const { pathname } = new URL(url);
    const answer = await fetch(simulator.url + pathname);
    if (pathname !== "/object_info") return answer;
    const classes = await answer.json();
    return Response.json({
      ...classes,
      Keeper: own("images", "IMAGE"),
      Teller: own("text", "STRING"),
    });
  });
  await using dir = await tempDir();
  const write = async (name: string, nodes: typeof graphs.STOCK) => {
    const { save: _save, ...stock } = graphs.STOCK;
    const text = JSON.stringify(graphs.graphOf({ ...stock, ...nodes }));
    await Deno.writeTextFile(`${dir.path}/${name}.json`, text);
  };
  await write("keeps", { end: ["Keeper", { images: ["decode", 0] }] });
  await write("shows", { end: ["PreviewAny", { source: ["decode", 0] }] });
  await write("tells", { end: ["Teller", { text: "a knight" }] });
  await write("nothing", {});
  const { lines, code } = await validate(
    `--workflow-dir=${dir.path}`,
    `--comfyui-url=http://127.0.0.1:${server.addr.port}`,
  );
  assert.equal(code, 1);
  assert.deepEqual(lines.slice(0, 5), [
    "keeps: ok",
    "keeps: only a run can show whether Keeper gives a file; a SaveImage node surely does",
    "nothing: has no node that saves an image; end it in a SaveImage node",
    "shows: ends in PreviewAny, which gives no file that can be delivered; add a SaveImage node",
    "tells: ends in Teller, which by what the server tells gets no image, film or sound that it " +
    "could save; add a SaveImage node",
  ]);
});

async function validate(...options: string[]) {
  const { exitCode, stdout, stderr } = await run(["validate-workflows", ...options]);
  const lines = stdout().split("\n").filter((line) => line !== "");
  return { code: exitCode, complaint: stderr(), lines };
}
