/** A field whose choices may change while it is filled in. */

import { useState } from "preact/hooks";
import { shortModel } from "../format.ts";
import { html, type Shown, valueOf } from "../html.ts";

/** Properties of {@linkcode Select}. */
export interface SelectProps {
  /** Name of the field. */
  readonly name: string;
  /** What stands before it. */
  readonly label: string;
  /** What can be chosen. */
  readonly options: readonly string[];
  /** The word for none of them; without it one must be chosen. */
  readonly otherwise?: string;
  /** What is chosen at first, if it is there. */
  readonly preset: string;
}

/** The field; what was chosen stays chosen as long as it is there. */
export function Select({ name, label, options, otherwise, preset }: SelectProps): Shown {
  const [wish, setWish] = useState(preset);
  const first = otherwise === undefined ? options[0] ?? "" : "";
  const value = options.includes(wish) ? wish : first;
  return html`<label>${label} <select name=${name} value=${value}
    onChange=${(event: Event) => setWish(valueOf(event))}>
    ${otherwise !== undefined && html`<option value="">${otherwise}</option>`}
    ${options.map((one) => html`<option key=${one} value=${one}>${shortModel(one)}</option>`)}
  </select></label>`;
}
