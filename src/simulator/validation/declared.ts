/**
 * The inputs that a node has, which since the third kind of declaration depend on its values: the
 * choice of a dynamic combo brings inputs of its own (`format.bit_depth`), and an input that grows
 * becomes as many as are given (`images.image0`, `images.image1`).
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from "../json.ts";
import type { InputSpec, NodeInfo } from "./catalogue.ts";

/** One input of a node. */
export interface DeclaredInput {
  /** Its declaration. */
  readonly spec: InputSpec;
  /** True when a prompt must give it. */
  readonly isRequired: boolean;
  /** True for a choice of inputs, which the server does not even miss: without it the node fails. */
  readonly isUnchecked?: boolean;
}

/** Type of an input whose choice brings others. */
const DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3";

/** Type of an input that stands for several. */
const AUTOGROW = "COMFY_AUTOGROW_V3";

/** The inputs of a node with these values, by name. */
export function declaredInputs(info: NodeInfo, values: JsonObject): Map<string, DeclaredInput> {
  const declared = new Map<string, DeclaredInput>();
  addAll(declared, "", info.input.required, true, values);
  addAll(declared, "", info.input.optional, false, values);
  return declared;
}

function addAll(
  declared: Map<string, DeclaredInput>,
  prefix: string,
  inputs: Readonly<Record<string, InputSpec>> | undefined,
  isRequired: boolean,
  values: JsonObject,
): void {
  for (const [name, spec] of Object.entries(inputs ?? {})) {
    const path = prefix + name;
    if (spec[0] === AUTOGROW) {
      addGrown(declared, path, spec, values);
      continue;
    }
    const isChoice = spec[0] === DYNAMIC_COMBO;
    declared.set(path, isChoice ? { spec, isRequired, isUnchecked: true } : { spec, isRequired });
    if (isChoice) addChosen(declared, path, spec, values);
  }
}

/** A choice that is unknown brings nothing; the server looks at it no further. */
function addChosen(
  declared: Map<string, DeclaredInput>,
  path: string,
  [, options = {}]: InputSpec,
  values: JsonObject,
): void {
  const choices = Array.isArray(options.options) ? options.options.filter(isObject) : [];
  const chosen = choices.find(({ key }) => key === values[path])?.inputs;
  if (!isObject(chosen)) return;
  addAll(declared, `${path}.`, specsOf(chosen.required), true, values);
  addAll(declared, `${path}.`, specsOf(chosen.optional), false, values);
}

function addGrown(
  declared: Map<string, DeclaredInput>,
  path: string,
  [, options = {}]: InputSpec,
  values: JsonObject,
): void {
  const template = isObject(options.template) ? options.template : {};
  const kinds = isObject(template.input) ? template.input : {};
  const [spec] = Object.values(specsOf(kinds.required) ?? specsOf(kinds.optional) ?? {});
  if (spec === undefined) return;
  const least = Number(template.min ?? 0);
  const names = Array.isArray(template.names)
    ? template.names.map(String)
    : Array.from({ length: Number(template.max ?? 0) }, (_, index) => `${template.prefix}${index}`);
  for (const [index, name] of names.entries()) {
    const isRequired = index < least;
    const input = `${path}.${name}`;
    if (isRequired || values[input] !== undefined) declared.set(input, { spec, isRequired });
  }
}

function specsOf(value: Json | undefined): Record<string, InputSpec> | undefined {
  return isObject(value) ? value as unknown as Record<string, InputSpec> : undefined;
}
