/**
 * `deno task pack:client`: makes `dist/client/`, an npm package of the client for Node and browsers, and its
 * tarball. Programs import it as they import it on Deno: `@dgx-pixels/worker/client`.
 *
 * @module
 */

import configFile from "../../deno.json" with { type: "json" };
import { buildScripts } from "./scripts.ts";
import { buildTypes } from "./types.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What the scripts for Node import; the browser's has all in it. */
const DEPENDENCIES = ["@msgpack/msgpack", "zeromq", "zod"] as const;

const READ_ME = `# The client of dgx-pixels-worker

\`\`\`js
import { connect } from "@dgx-pixels/worker/client";

const client = await connect(); // Node: ZeroMQ on this machine, or { reqAddress, pubAddress }
// const client = await connect({ url: "http://127.0.0.1:8080", token }); // browsers, and Node too
const job = client.generate({
  prompt: "a knight with a round shield",
  model: "sd_xl_base_1.0.safetensors",
  size: [64, 64],
  steps: 20,
  cfg_scale: 8,
});
for await (const update of job.updates()) console.log(update);
for await (const { data } of job.images()) console.log(data.length);
await client.close();
\`\`\`

Node 20.16 or newer. A browser's page must come from the worker, or its origin be one of the worker's
\`http.allowed_origins\`. \`browser.js\` needs no bundler.
`;

/** Makes the package below a folder; gives the path of its tarball. */
async function pack(dist: string): Promise<string> {
  const folder = `${dist}/client`;
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(folder, { recursive: true });
  await buildScripts(ROOT, folder);
  await buildTypes(ROOT, `${folder}/types`, DEPENDENCIES);
  await Deno.copyFile(`${ROOT}LICENSE`, `${folder}/LICENSE`);
  await Deno.writeTextFile(`${folder}/README.md`, READ_ME);
  await Deno.writeTextFile(
    `${folder}/package.json`,
    `${JSON.stringify(manifest(), undefined, 2)}\n`,
  );
  const { success, stdout } = await new Deno.Command("npm", {
    args: ["pack", "--silent", "--pack-destination", dist],
    cwd: folder,
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot pack ${folder} with npm`);
  return `${dist}/${new TextDecoder().decode(stdout).trim()}`;
}

function manifest(): Record<string, unknown> {
  const { name, version, license, imports } = configFile;
  const versions = DEPENDENCIES.map((dependency) => {
    const found = /^npm:(@?[^@]+)@([^/]+)/.exec(imports[dependency]);
    if (found?.[1] !== dependency) {
      throw new Error(`The import map leads ${dependency} to another package`);
    }
    return [dependency, found[2]];
  });
  return {
    name,
    version,
    license,
    description: "Pixel art on ComfyUI: the client of dgx-pixels-worker, for Node and browsers",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.16" },
    exports: {
      "./client": {
        types: "./types/client/mod.d.ts",
        browser: "./browser.js",
        default: "./node.js",
      },
      "./package.json": "./package.json",
    },
    files: ["*.js", "types"],
    dependencies: Object.fromEntries(versions),
  };
}

if (import.meta.main) {
  const tarball = await pack(Deno.args[0] ?? `${ROOT}dist`);
  await Deno.stdout.write(new TextEncoder().encode(`${tarball}\n`));
}
