import assert from "node:assert/strict";
import { Random } from "../simulation/world/random.ts";
import { tempDir } from "../support/temp_dir.ts";
import { attackReader, READERS } from "./readers.ts";

for (const [seed, { what, share, open }] of READERS.entries()) {
  Deno.test(`Bad input is read or refused in our words: ${what}`, async () => {
    await using dir = await tempDir();
    const { inputs, refused } = await attackReader(await open(dir.path), new Random(seed), share);
    // One in twenty has nothing wrong.
    assert.ok(
      refused < inputs * 0.97,
      `${refused} of ${inputs} were refused: was the sample good?`,
    );
  });
}
