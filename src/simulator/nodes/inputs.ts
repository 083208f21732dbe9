/**
 * Typed access to a node's inputs. Validation lets a literal pass where a link belongs, so the wrong
 * kind of value must fail here as it does in the Python program.
 *
 * @module
 */

import type { Json } from "../json.ts";
import { PythonError, repr, toBool, toFloat, toInt, typeName } from "../python.ts";
import type { Value, ValueOf } from "./values.ts";

/** An input: a literal, or the value that came over a link; `undefined` for a link to nothing. */
export type Input =
  | { readonly type: "literal"; readonly value: Json }
  | { readonly type: "linked"; readonly value: Value | undefined };

/** The inputs of one node. */
export class Inputs {
  readonly #inputs: ReadonlyMap<string, Input>;

  /** Wraps the inputs. */
  constructor(inputs: ReadonlyMap<string, Input>) {
    this.#inputs = inputs;
  }

  /**
   * A linked value.
   *
   * @throws {PythonError} when there is none, or one of another type.
   */
  value<Type extends Value["type"]>(name: string, type: Type): ValueOf<Type> {
    const input = this.#inputs.get(name);
    if (input?.type === "linked" && input.value?.type === type) return input.value as ValueOf<Type>;
    throw wrongKind(input, type);
  }

  /** A linked value of any type. */
  any(name: string): Value | undefined {
    const input = this.#inputs.get(name);
    return input?.type === "linked" ? input.value : undefined;
  }

  /** Names of the inputs given below one that grows, in order: 2 before 10. */
  below(name: string): string[] {
    return [...this.#inputs.keys()].filter((input) => input.startsWith(`${name}.`))
      .sort(new Intl.Collator("en", { numeric: true }).compare);
  }

  /** A truth value. */
  boolean(name: string): boolean {
    return toBool(this.#literal(name));
  }

  /** A whole number. */
  integer(name: string): number {
    return Number(this.#number(name, toInt));
  }

  /** A whole number of up to 64 bits. */
  bigInteger(name: string): bigint {
    return BigInt(this.#number(name, toInt));
  }

  /** A number. */
  float(name: string): number {
    return Number(this.#number(name, toFloat));
  }

  /** A text. */
  text(name: string): string {
    const value = this.#literal(name);
    return typeof value === "string" ? value : String(value);
  }

  /** Values as `execution_error` quotes them: literals as they are, anything else as a text. */
  quoted(): Record<string, Json[]> {
    const entries = [...this.#inputs].map(([name, input]) => [name, [quote(input)]]);
    return Object.fromEntries(entries);
  }

  #literal(name: string): Json {
    const input = this.#inputs.get(name);
    if (input?.type === "literal") return input.value;
    if (input?.value?.type === "PLAIN") return input.value.value;
    throw wrongKind(input, "literal");
  }

  #number(name: string, convert: (value: Json) => number | bigint): number | bigint {
    return convert(this.#literal(name));
  }
}

function quote(input: Input): Json {
  if (input.type === "literal") {
    const { value } = input;
    return typeof value === "object" && value !== null ? repr(value) : value;
  }
  if (input.value === undefined) return null;
  return input.value.type === "IMAGE" ? "tensor([[[[…]]]])" : `<${input.value.type} object>`;
}

function wrongKind(input: Input | undefined, wanted: string): PythonError {
  const name = input?.type === "literal" ? typeName(input.value) : input?.value?.type ?? "NoneType";
  const attribute = wanted === "literal" ? "__index__" : wanted.toLowerCase();
  return new PythonError("AttributeError", `'${name}' object has no attribute '${attribute}'`);
}
