/** The table of what an image can be asked for with, as flags. */

import { type Command, InvalidArgumentError } from "commander";
import type { GenerateField, GenerateValues } from "./field.ts";
import { GENERATE_FIELDS } from "./fields.ts";
import { PIXEL_FIELDS } from "./pixel.ts";

/** All that has a flag. */
const ALL_FIELDS: Readonly<Record<string, GenerateField>> = { ...GENERATE_FIELDS, ...PIXEL_FIELDS };

/** Flags that may be given several times. */
const REPEATED: ReadonlySet<string> = new Set(["lora", "frame-prompt"]);

/** Adds a flag for each field that has one. */
export function addGenerateOptions(command: Command): Command {
  for (const field of Object.values(ALL_FIELDS)) {
    const { flag, placeholder, help } = field;
    if (flag !== undefined && placeholder === "") command.option(`--${flag}`, help);
    else if (flag !== undefined) {
      command.option(`--${flag} <${placeholder}>`, help, (text, earlier) => {
        return read(field, text, earlier);
      });
    }
  }
  return command;
}

/** The values of those flags that were given. */
export function generateValues(options: Record<string, unknown>): GenerateValues {
  return Object.fromEntries(
    Object.entries(ALL_FIELDS).flatMap(([name, { flag, placeholder, read }]) => {
      const value = flag === undefined ? undefined : options[camelCase(flag)];
      if (value === undefined) return [];
      return [[name, placeholder === "" ? read(value) : value]];
    }),
  );
}

function read(field: GenerateField, text: string, earlier: unknown): unknown {
  const value = field.read(text);
  if (value === undefined) throw new InvalidArgumentError(`It must be ${field.expected}.`);
  return Array.isArray(earlier) && REPEATED.has(field.flag ?? "")
    ? [...earlier, ...value as unknown[]]
    : value;
}

function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
