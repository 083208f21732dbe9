import { deflateSync } from "node:zlib";
import { deepEqual, match, ok } from "node:assert/strict";
import type { GenerateRequest } from "../../src/protocol/mod.ts";
import { concatenate, encodeChunk, PNG_SIGNATURE } from "../../src/images/chunks.ts";
import { graphEndingIn, standInJobs, startStandIn } from "./stand_in.ts";

/** A PNG of 8 x 8 pixels by its header, and of some lines in fact. */
function pngOfLines(lines: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array([0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0]);
  return concatenate([
    PNG_SIGNATURE,
    encodeChunk("IHDR", head),
    encodeChunk("IDAT", new Uint8Array(deflateSync(new Uint8Array(lines * (1 + 8 * 3))))),
    encodeChunk("IEND", new Uint8Array()),
  ]);
}

Deno.test("runJob() fails for a PNG that holds other pixels than its header says, whatever is made of it, and leaves no file", async () => {
  const ways: Partial<GenerateRequest>[] = [
    {},
    { output_format: "webp" },
    { fit: "crop", size: [4, 4] },
    { tileset_grid: [2, 2] },
    { animation_frames: 1 },
  ];
  for (const lines of [0, 7, 9, 8]) {
    await using server = await startStandIn({
      nodes: { Liar: (server) => ({ images: [server.save("a.png", pngOfLines(lines))] }) },
    });
    await using jobs = await standInJobs(server, graphEndingIn({ class_type: "Liar" }));
    for (const fields of ways) {
      const { outcome } = await jobs.run(fields);
      const told = `${lines} lines for ${JSON.stringify(fields)}: ${JSON.stringify(outcome)}`;
      if (lines === 8) {
        ok(outcome.type === "completed", told);
        continue;
      }
      ok(outcome.type === "failed", told);
      match(
        outcome.error,
        /PNG: (?:pixels are missing|it has more pixels|its pixels cannot be)/,
        told,
      );
      deepEqual(await Array.fromAsync(Deno.readDir(jobs.dir), ({ name }) => name), [], told);
    }
  }
});
