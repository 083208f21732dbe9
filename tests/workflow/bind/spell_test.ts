import assert from "node:assert/strict";
import { parseAsSpelled, parseExactJson, writeJson } from "../../../src/exact_json.ts";
import { bindTemplate, createTemplate, spellAsFile } from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import { graphEndingIn } from "../../sandbox/stand_in.ts";

const NUMBERS = `{ "a": 1.0, "b": 1e-3, "c": 0.10, "d": 1e400, "e": 18446744073709551615,
  "f": { "__value__": [1.0, 2] }, "g": { "__value__": 2.50 }, "h": "1.0" }`;

function posted(fields: Parameters<typeof generateRequest>[0] = {}): string {
  const graph = graphEndingIn({ class_type: "SaveImage" }, { class_type: "Numbers", inputs: {} });
  const text = JSON.stringify(graph)
    .replace('"denoise":1', '"denoise":1.0').replace('"cfg":7', '"cfg":7.50')
    .replace('"steps":4', '"steps":4.0').replace(
      '"Numbers","inputs":{',
      `"Numbers","inputs":{"n":2.0,`,
    )
    .replace('"n":2.0,', `${NUMBERS.slice(1, -1)},`);
  const template = createTemplate("g", parseExactJson(text), undefined, parseAsSpelled(text));
  const request = generateRequest({ steps: 9, cfg_scale: 3.5, size: [64, 64], ...fields });
  return writeJson(spellAsFile(bindTemplate(template, request, { seed: 5 }), template)) ?? "";
}

Deno.test("what a request leaves alone is posted digit by digit as the file has it", () => {
  const json = posted();
  const kept = [
    '"a":1.0,"b":1e-3,"c":0.10,"d":1e400,"e":18446744073709551615',
    '"f":{"__value__":[1.0,2]},"g":2.50,"h":"1.0","images":["6",0]',
    '"denoise":1.0',
  ];
  for (const part of kept) assert.ok(json.includes(part), `${part} in ${json}`);
});

Deno.test("what a request changes is posted as the request has it", () => {
  const json = posted({ denoise: 0.5 });
  for (const part of ['"steps":9', '"cfg":3.5', '"denoise":0.5', '"seed":5']) {
    assert.ok(json.includes(part), `${part} in ${json}`);
  }
});
