/** The form that asks for images. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, send, wordsOf } from "../api.ts";
import { html, type Shown } from "../html.ts";
import { useChoices } from "../parts/choices.ts";
import { PixelFields, pixelOf } from "../parts/pixel.ts";
import { Select } from "../parts/select.ts";
import { Fault } from "../parts/state.ts";
import { go, linkTo, type Place } from "../route.ts";

/** Fields that are numbers, by their names in the API. */
const NUMBERS = ["steps", "cfg_scale", "seed", "batch_size", "animation_frames", "fps", "priority"];

/** Fields that are text. */
const TEXTS = ["prompt", "negative_prompt", "model", "lora", "workflow", "cycle"];

const CYCLES = ["idle", "walk", "run", "attack", "jump", "hurt", "death", "cast"];

/** The view. */
export function SubmitView({ place }: { place: Place }): Shown {
  const { models, loras, workflows, palettes, fault: missing } = useChoices();
  const [fault, setFault] = useState<string>();
  const [isSending, setSending] = useState(false);
  const refusal = useRef<HTMLDivElement>(null);
  useEffect(() => refusal.current?.scrollIntoView({ block: "center" }), [fault]);
  const preset = (name: string, otherwise: string) => place.query.get(name) ?? otherwise;
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setFault(undefined);
    setSending(true);
    try {
      const form = new FormData(event.currentTarget as HTMLFormElement);
      const body = await fieldsOf(form);
      const { job_id } = await send<{ job_id: string }>("POST", "/v1/jobs", body);
      go(linkTo("job", job_id));
    } catch (error) {
      setFault(wordsOf(error));
      setSending(false);
    }
  }
  const number = (name: string, label: string, value: string, rest: Record<string, unknown>) =>
    html`<label>${label} <input name=${name} type="number" defaultValue=${
      preset(name, value)
    } ...${rest} /></label>`;
  const select = (
    name: string,
    label: string,
    options: readonly string[],
    otherwise: string | undefined,
  ) =>
    html`
      <${Select} name=${name} label=${label} options=${options} otherwise=${otherwise}
        preset=${preset(name, "")} />
    `;
  return html`
    <h1 tabindex="-1">New image</h1>
    <${Fault} text=${missing} />
    <form class="form" onSubmit=${submit}>
      <label class="wide">Prompt
        <textarea name="prompt" rows="3" required maxlength="10000" defaultValue=${preset(
          "prompt",
          "",
        )}></textarea></label>
      <label class="wide">Negative prompt <input name="negative_prompt" maxlength="10000" /></label>
      <div class="wide grid">
      ${select("model", "Model", models, undefined)}
      ${select("lora", "LoRA", loras, "none")}
      ${workflows.length > 0 && select("workflow", "Workflow", workflows, "automatic")}
      </div>
      ${number("width", "Width", "1024", { min: 16, max: 16_384, required: true })}
      ${number("height", "Height", "1024", { min: 16, max: 16_384, required: true })}
      ${number("steps", "Steps", "20", { min: 1, max: 10_000, required: true })}
      ${number("cfg_scale", "CFG scale", "7", { min: 0, max: 100, step: "any", required: true })}
      ${number("seed", "Seed", "", { min: 0, placeholder: "random" })}
      ${number("batch_size", "Images", "1", { min: 1, max: 64 })}
      ${number("priority", "Priority", "0", { min: -100, max: 100 })}
      <fieldset class="wide">
        <legend>Animation or tile set</legend>
        <div class="grid">
          ${number("animation_frames", "Frames", "", { min: 1, max: 256, placeholder: "none" })}
          ${select("cycle", "Cycle", CYCLES, "none")}
          ${number("fps", "Frames a second", "", {
            min: 0.1,
            max: 240,
            step: "any",
            placeholder: "10",
          })}
          ${number("columns", "Tile columns", "", { min: 1, max: 64, placeholder: "none" })}
          ${number("rows", "Tile rows", "", { min: 1, max: 64, placeholder: "none" })}
        </div>
      </fieldset>
      <${PixelFields} palettes=${palettes} />
      <label class="wide">Start from an image
        <input name="image" type="file" accept="image/png,image/jpeg,image/webp" /></label>
      ${fault !== undefined && html`
        <div class="wide" ref=${refusal}>
          <${Fault} text=${fault} />
        </div>
      `}
      <div class="wide bar">
        <button type="submit" class="main" disabled=${isSending ||
          models.length === 0}>Generate</button>
      </div>
    </form>
  `;
}

async function fieldsOf(form: FormData): Promise<Record<string, unknown>> {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const fields: Record<string, unknown> = { size: [Number(text("width")), Number(text("height"))] };
  for (const name of TEXTS) if (text(name) !== "") fields[name] = text(name);
  for (const name of NUMBERS) if (text(name) !== "") fields[name] = Number(text(name));
  fields["prompt"] ??= "";
  if (fields["batch_size"] === 1) delete fields["batch_size"];
  if (text("columns") !== "" && text("rows") !== "") {
    fields["tileset_grid"] = [Number(text("columns")), Number(text("rows"))];
  }
  const pixel = pixelOf(form);
  if (pixel !== undefined) fields["pixel"] = pixel;
  const file = form.get("image");
  if (file instanceof File && file.size > 0) {
    const answer = await ask("/v1/images", { method: "POST", body: file });
    fields["init_image"] = (await answer.json() as { init_image: string }).init_image;
  }
  return fields;
}
