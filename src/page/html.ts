/** Markup as tagged templates, and the browser's types for all files of the page. */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import htm from "htm";
import { h, type VNode } from "preact";

/** Something that can be shown. */
export type Shown = VNode;

/** What the package exports by default; its types speak of its build for Node. */
interface Htm {
  bind(h: unknown): (strings: TemplateStringsArray, ...values: readonly unknown[]) => VNode;
}

/** Makes elements: `` html`<p class=${name}>…</p>` ``. */
export const html = (htm as unknown as Htm).bind(h);

/** The value of the field that an event comes from. */
export function valueOf(event: Event): string {
  return (event.currentTarget as HTMLInputElement).value;
}
