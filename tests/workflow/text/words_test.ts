import assert from "node:assert/strict";
import { bindTemplate, createTemplate } from "../../../src/workflow/mod.ts";
import { joinWords } from "../../../src/workflow/text/words.ts";
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

type Fields = Parameters<typeof generateRequest>[0];

Deno.test("joinWords() separates what is not separated yet, and leaves out what is empty", () => {
  assert.equal(joinWords(["pixel art", "a knight", "16-bit"]), "pixel art, a knight, 16-bit");
  assert.equal(joinWords(["pixel art, ", "a knight", ", 16-bit"]), "pixel art, a knight, 16-bit");
  assert.equal(joinWords(["", "a knight", "  "]), "a knight");
});

Deno.test("bindTemplate() puts the words of a map file around each prompt", () => {
  const text = (nodes: Record<string, graphs.ShortNode>, mapping: unknown) => {
    const template = createTemplate("t", graphs.graphOf(nodes), mapping);
    return bindTemplate(template, generateRequest({ prompt: "a knight" }), { seed: 1 })["pos"]
      ?.inputs["text"];
  };
  const mapping = { prompt_prefix: "pixel art", prompt_suffix: "crisp" };
  assert.equal(text(graphs.STOCK, mapping), "pixel art, a knight, crisp");
  const marked = {
    ...graphs.STOCK,
    pos: ["CLIPTextEncode", { text: "8-bit {prompt}!", clip: ["ckpt", 1] }],
  } satisfies Record<string, graphs.ShortNode>;
  assert.equal(text(marked, { prompt_suffix: "crisp" }), "8-bit a knight, crisp!");
  assert.throws(() => text(graphs.STOCK, { prompt_prefix: 1 }), /prompt_prefix must be a text/);
});

Deno.test("bindTemplate() adds the trigger words of the LoRAs in use, each once", () => {
  const triggers = ["old=oldschool", "Sub/NEW.safetensors=pixel style", "new=crisp", "gone=x"];
  const text = (fields: Fields, nodes = graphs.WITH_LORA) => {
    const template = createTemplate("t", graphs.graphOf(nodes));
    const request = generateRequest({ prompt: "a knight", ...fields });
    return bindTemplate(template, request, { seed: 1, triggers })["pos"]?.inputs["text"];
  };
  assert.equal(text({}), "oldschool, a knight");
  assert.equal(text({ lora: "new" }), "pixel style, crisp, a knight");
  assert.equal(text({ lora: "x\\new.safetensors", prompt: "PIXEL STYLE" }), "crisp, PIXEL STYLE");
  assert.equal(text({ loras: [] }), "a knight");
  assert.equal(text({ lora: "new", lora_strength: 0 }), "a knight");
  assert.equal(text({ lora: "new" }, graphs.STOCK), "pixel style, crisp, a knight");
  const marked = {
    ...graphs.WITH_LORA,
    pos: ["CLIPTextEncode", { text: "oldschool art, {prompt}", clip: ["lora", 1] }],
  } satisfies Record<string, graphs.ShortNode>;
  assert.equal(text({}, marked), "oldschool art, a knight");
});

Deno.test("bindTemplate() looks for trigger words as words, and in the positive prompt only", () => {
  const text = (prompt: string, triggers: string[]) => {
    const template = createTemplate(
      "t",
      graphs.graphOf({
        ...graphs.WITH_LORA,
        pos: ["CLIPTextEncode", { text: "{prompt}, crisp", clip: ["lora", 1] }],
        neg: ["CLIPTextEncode", { text: "{negative_prompt}, oldschool", clip: ["lora", 1] }],
      }),
    );
    const request = generateRequest({ prompt });
    return bindTemplate(template, request, { seed: 1, triggers })["pos"]?.inputs["text"];
  };
  assert.equal(text("a knight", ["old=oldschool"]), "oldschool, a knight, crisp");
  assert.equal(text("a party", ["old=art"]), "art, a party, crisp");
  assert.equal(text("a party, (art:1.2)", ["old=art"]), "a party, (art:1.2), crisp");
  assert.equal(
    text("a knight", ["old=Pixel (v2)", "old=pixel (V2)"]),
    "Pixel (v2), a knight, crisp",
  );
});
