/** The command line of a worker without the library, which takes longer to load than Deno itself. */

import { type Flags, listSettings } from "../config/mod.ts";

/** How a flag is written. */
interface FlagForm {
  readonly name: string;
  readonly takesValue: boolean;
  readonly isRepeatable: boolean;
}

/**
 * Reads `worker` and its flags as the library would. `undefined` leaves the command line to it: another
 * command, and whatever is odd, so that all help and all complaints come from one place.
 */
export function workerFlags(args: readonly string[]): Flags | undefined {
  if (args[0] !== "worker") return undefined;
  const forms = flagForms();
  const flags = new Map<string, string | boolean | string[]>();
  for (let index = 1; index < args.length; index++) {
    const [word, inlined] = splitWord(args[index]!);
    const form = forms.get(word);
    if (form === undefined) return undefined;
    const { name, takesValue, isRepeatable } = form;
    if (!isRepeatable && flags.has(name)) return undefined;
    if (!takesValue) {
      if (inlined !== undefined) return undefined;
      flags.set(name, true);
      continue;
    }
    const value = inlined ?? args[++index];
    if (value === undefined || value === "" || value.startsWith("-")) return undefined;
    flags.set(name, isRepeatable ? [...flags.get(name) as string[] ?? [], value] : value);
  }
  return Object.fromEntries(flags);
}

/** `--flag=value` as its two parts. */
function splitWord(word: string): [word: string, inlined: string | undefined] {
  const end = word.indexOf("=");
  return end < 0 ? [word, undefined] : [word.slice(0, end), word.slice(end + 1)];
}

/** From the table that the library's declarations are made from, see `addSettings`. */
function flagForms(): Map<string, FlagForm> {
  const forms: FlagForm[] = [{ name: "config", takesValue: true, isRepeatable: false }];
  for (const { flag, placeholder, repeatable } of listSettings()) {
    if (flag === undefined) continue;
    forms.push({ name: flag, takesValue: placeholder !== undefined, isRepeatable: repeatable });
  }
  return new Map(forms.map((form) => [`--${form.name}`, form]));
}
