import assert from "node:assert/strict";
import { fillText } from "../../../src/workflow/text/placeholders.ts";

const WORDS = { prompt: "a {frames} $& knight", frames: "4", columns: "2", rows: "3" };

const FILLED: [text: string, negative: string, expected: string][] = [
  ["pixel art, {prompt}, crisp", "", "pixel art, a {frames} $& knight, crisp"],
  ["{columns} by {rows}, {frames}", "", "2 by 3, 4"],
  ["{prompt}{prompt}", "", "a {frames} $& knighta {frames} $& knight"],
  ["{negative_prompt}, blurry", "text", "text, blurry"],
  ["{negative_prompt}, blurry", "", "blurry"],
  ["blurry, {negative_prompt}", "", "blurry"],
  ["blurry, {negative_prompt}, photo", "", "blurry, photo"],
  ["blurry {negative_prompt}, photo", "", "blurry, photo"],
  ["{negative_prompt}", "", ""],
  ["{other} {Prompt} { prompt }", "", "{other} {Prompt} { prompt }"],
];

for (const [text, negative_prompt, expected] of FILLED) {
  Deno.test(`fillText() makes ${JSON.stringify(expected)} of ${JSON.stringify(text)}`, () => {
    assert.equal(fillText(text, { ...WORDS, negative_prompt }), expected);
  });
}
