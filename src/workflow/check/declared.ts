/**
 * The inputs that a node has by what a server tells of its class (`GET /object_info`). Newer classes
 * have some that depend on what is chosen or linked: a prompt names them with dots, `format.bit_depth`
 * or `images.image0` (ComfyUI 0.33.0, `comfy_api/latest/_io.py`). Pure.
 */

import { DYNAMIC_CHOICE, type InputSpec, readSpec, record } from "./node_info.ts";

/** An input of a node. */
export interface Declared {
  /** Its name in a prompt. */
  readonly name: string;
  /** What it takes. */
  readonly spec: InputSpec;
  /** Whether a node must have it. */
  readonly isRequired: boolean;
  /** The input whose choice it belongs to, if any. */
  readonly parent?: string;
}

/** Most inputs of a kind that grows; no node of ComfyUI has as many. */
const MAX_GROWN = 1000;

/** The inputs of classes that have none of that type, by what the server tells of the class. */
const fixed = new WeakMap<object, readonly Declared[]>();

/** Lists the inputs of a node of some class that has some values. */
export function declaredInputs(
  info: unknown,
  values: Readonly<Record<string, unknown>>,
): readonly Declared[] {
  const told = record(info);
  const known = fixed.get(told);
  if (known !== undefined) return known;
  const declared = expand(record(told["input"]), { values, prefix: "" });
  if (declared.every(({ spec }) => spec.type !== DYNAMIC_CHOICE)) fixed.set(told, declared);
  return declared;
}

interface Place {
  readonly values: Readonly<Record<string, unknown>>;
  readonly prefix: string;
  readonly parent?: string;
}

function expand(sections: Readonly<Record<string, unknown>>, place: Place): Declared[] {
  return (["required", "optional"] as const).flatMap((section) =>
    Object.entries(record(sections[section])).flatMap(([key, raw]) =>
      expandInput(key, raw, section === "required", place)
    )
  );
}

function expandInput(key: string, raw: unknown, isRequired: boolean, place: Place): Declared[] {
  const spec = readSpec(raw);
  if (spec === undefined) return [];
  const name = place.prefix + key;
  const parent = place.parent === undefined ? {} : { parent: place.parent };
  const own: Declared = { name, spec, isRequired, ...parent };
  if (spec.type === "COMFY_AUTOGROW_V3") return grown(own, spec.options);
  if (spec.type !== DYNAMIC_CHOICE) return [own];
  const options = Array.isArray(spec.options["options"]) ? spec.options["options"].map(record) : [];
  const chosen = options.find((option) => option["key"] === place.values[name]);
  const keys = options.map((option) => option["key"]);
  const inner = expand(record(chosen?.["inputs"]), {
    values: place.values,
    prefix: `${name}.`,
    parent: name,
  });
  return [{ ...own, spec: { ...spec, choices: keys } }, ...inner];
}

/** `images.image0`, `images.image1`, …, or names of its own; the first few must be there. */
function grown({ name, isRequired, parent }: Declared, options: InputSpec["options"]): Declared[] {
  const template = record(options["template"]);
  const inner = record(template["input"]);
  const [first] = Object.values(record(inner["required"])).concat(
    Object.values(record(inner["optional"])),
  );
  const spec = readSpec(first);
  if (spec === undefined) return [];
  const { prefix, names, min, max } = template;
  const least = typeof min === "number" ? min : 0;
  const most = Math.min(typeof max === "number" ? max : 0, MAX_GROWN);
  const keys: unknown[] = Array.isArray(names)
    ? names
    : Array.from({ length: most }, (_, index) => `${prefix}${index}`);
  return keys.map((key, index) => ({
    name: `${name}.${key}`,
    spec,
    isRequired: isRequired && index < least,
    ...(parent === undefined ? {} : { parent }),
  }));
}
