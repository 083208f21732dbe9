/** What a server tells of its node classes (`GET /object_info`), as far as checks need it. Pure. */

/** Node classes of a server by name, as it describes them; those that it lacks are missing. */
export type NodeClasses = Readonly<Record<string, unknown>>;

/** What an input of a class takes. */
export interface InputSpec {
  /** ComfyUI's name of the type; `COMBO` for a choice. */
  readonly type: string;
  /** What can be chosen, where that is known. */
  readonly choices?: readonly unknown[];
  /** Least number. */
  readonly min?: number;
  /** Largest number. */
  readonly max?: number;
  /** True for a choice among uploaded files, of which a server lists only some. */
  readonly isUpload: boolean;
}

/** Names of the inputs that a node of the class must have. */
export function requiredInputs(info: unknown): string[] {
  const required = record(record(record(info)["input"])["required"]);
  return Object.entries(required).filter(([, spec]) => !isDynamic(spec)).map(([name]) => name);
}

/** What an input takes; undefined if the class has none of this name. */
export function inputSpec(info: unknown, input: string): InputSpec | undefined {
  const inputs = record(record(info)["input"]);
  const spec = record(inputs["required"])[input] ?? record(inputs["optional"])[input];
  if (!Array.isArray(spec)) return undefined;
  const [type, options] = [spec[0] as unknown, record(spec[1])];
  const { min, max } = options;
  // Classes of the newer kind have their choices among the options.
  const choices = type === "COMBO" ? options["options"] : type;
  return {
    type: Array.isArray(type) ? "COMBO" : String(type),
    ...(Array.isArray(choices) ? { choices } : {}),
    ...(typeof min === "number" ? { min } : {}),
    ...(typeof max === "number" ? { max } : {}),
    isUpload: Object.keys(options).some((name) => name.endsWith("_upload")),
  };
}

/** Types of the outputs, in their order; a choice is a `COMBO`. */
export function outputTypes(info: unknown): string[] {
  const outputs = record(info)["output"];
  if (!Array.isArray(outputs)) return [];
  return outputs.map((type) => Array.isArray(type) ? "COMBO" : String(type));
}

/** Whether ComfyUI lets an output of one type into an input of another. */
export function accepts(input: string, output: string): boolean {
  if (isDynamic([input]) || isDynamic([output])) return true;
  const [taken, given] = [input.split(","), output.split(",")];
  if (taken.includes("*") || given.includes("*")) return true;
  return given.some((type) => taken.includes(type)) || (isPlain(input) && isPlain(output));
}

/** Types whose inputs depend on what is linked or chosen. */
function isDynamic(spec: unknown): boolean {
  return Array.isArray(spec) && typeof spec[0] === "string" && spec[0].startsWith("COMFY_");
}

/** Values that versions of ComfyUI convert into each other, some more and some less. */
function isPlain(type: string): boolean {
  return ["INT", "FLOAT", "STRING", "COMBO", "BOOLEAN"].includes(type);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
