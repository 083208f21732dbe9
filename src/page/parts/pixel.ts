/** The part of a form that asks for true pixel art. */

import { useState } from "preact/hooks";
import { html, type Shown, valueOf } from "../html.ts";
import type { Palette } from "../types.ts";

/** The fields; what is left empty the worker finds out. */
export function PixelFields({ palettes }: { palettes: readonly Palette[] }): Shown {
  const [name, setName] = useState("");
  const colors = palettes.find((palette) => palette.name === name)?.colors ?? [];
  const number = (field: string, label: string, max: number) =>
    html`<label>${label} <input name=${field} type="number" min="1" max=${max}
      placeholder="auto" /></label>`;
  return html`
    <fieldset class="wide">
      <legend>True pixel art</legend>
      <div class="grid">
        ${number("pixel_width", "Pixels across", 4_096)} ${number(
          "pixel_height",
          "Pixels down",
          4_096,
        )}
        ${number("pixel_colors", "Colours", 255)}
        ${palettes.length > 0 && html`<label>Palette <select name="pixel_palette" value=${name}
          onChange=${(event: Event) => setName(valueOf(event))}>
          <option value="">none</option>
          ${palettes.map((palette) => html`<option value=${palette.name}>${palette.name}</option>`)}
        </select></label>`}
        <label>Dithering <select name="pixel_dither">
          <option value="">none</option>
          <option value="bayer">Bayer</option>
          <option value="floyd-steinberg">Floyd–Steinberg</option>
        </select></label>
      </div>
      ${colors.length > 0 && html`
        <span class="swatches" role="img" aria-label=${`${colors.length} colours of ${name}`}>
          ${colors.map((color) => html`<i style=${{ background: color }}></i>`)}
        </span>
      `}
      <div class="checks">
        <label><input type="checkbox" name="pixel_enabled" /> Snap to a grid of pixels</label>
        <label><input type="checkbox" name="pixel_transparent" /> Transparent background</label>
      </div>
    </fieldset>
  `;
}

/** What the fields ask for; undefined if all are as they were. */
export function pixelOf(form: FormData): Record<string, unknown> | undefined {
  const text = (name: string) => String(form.get(`pixel_${name}`) ?? "").trim();
  const [width, height] = [text("width") || text("height"), text("height") || text("width")];
  const options = {
    ...width === "" ? {} : { size: [Number(width), Number(height)] },
    ...text("colors") === "" ? {} : { colors: Number(text("colors")) },
    ...text("palette") === "" ? {} : { palette: text("palette") },
    ...text("dither") === "" ? {} : { dither: text("dither") },
    ...text("transparent") === "" ? {} : { background: "transparent" },
  };
  const isAsked = Object.keys(options).length > 0 || text("enabled") !== "";
  return isAsked ? { enabled: true, ...options } : undefined;
}
