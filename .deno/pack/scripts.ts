/** The scripts of the packed client: one for Node, one for browsers, from the same entry. */

import { build, type BuildOptions, type Plugin, stop } from "esbuild";

/** What Node 20 lacks, put in as parts of the scripts: nothing of the program's own is changed. */
const DEFINED = {
  "Promise.withResolvers": "withResolvers",
  "Symbol.asyncDispose": "asyncDispose",
  "Symbol.dispose": "dispose",
};

/** Builds `node.js`, with what only ZeroMQ needs beside it, and `browser.js`. */
export async function buildScripts(root: string, folder: string): Promise<void> {
  const common = {
    entryPoints: { node: `${root}src/client/mod.ts` },
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    define: DEFINED,
    inject: [new URL("older_engines.js", import.meta.url).pathname],
    legalComments: "none",
    logLevel: "warning",
    outdir: folder,
  } satisfies BuildOptions;
  try {
    await build({
      ...common,
      platform: "node",
      target: "node20",
      packages: "external",
      // Who connects over HTTP loads no sockets.
      splitting: true,
      chunkNames: "[name]_[hash]",
      plugins: [inPlaceOf(root, "src/transport/zmq.ts", "src/transport/node.ts")],
    });
    await build({
      ...common,
      entryPoints: { browser: `${root}src/client/mod.ts` },
      platform: "browser",
      target: "es2022",
      minify: true,
      plugins: [inPlaceOf(root, "src/client/zmq/link.ts", "src/client/http/no_sockets.ts")],
    });
  } finally {
    await stop();
  }
}

/** Takes another file wherever one is imported. */
function inPlaceOf(root: string, file: string, other: string): Plugin {
  return {
    name: "in_place_of",
    setup(setup) {
      setup.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const target = new URL(path, `file://${resolveDir}/`).pathname;
        return target === `${root}${file}` ? { path: `${root}${other}` } : undefined;
      });
    },
  };
}
