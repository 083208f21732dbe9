/** Readers of option values; what they throw, commander says in its own words. */

import { InvalidArgumentError } from "commander";

/** Reads a whole number from 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be a whole number.");
}

/** Returns a reader of whole numbers between two limits. */
export function wholeNumberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Reads a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

/** Most models to compare: each makes a column of a sheet. */
const MAX_COMPARED = 16;

/** Reads two names or more, with commas between. */
export function nameList(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  const isList = names.length >= 2 && names.length <= MAX_COMPARED;
  if (isList && !names.includes("") && new Set(names).size === names.length) return names;
  throw new InvalidArgumentError(`It must be 2 to ${MAX_COMPARED} different names, such as a,b.`);
}

/** Most numbers of a list. */
const MAX_LISTED = 10_000;

/** Reads numbers from 1 and ranges of them, with commas between. */
export function numberList(text: string): number[] {
  const numbers = text.split(",").flatMap((part) => {
    const [, first, last = first] = /^\s*(\d{1,7})(?:-(\d{1,7}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from >= 1 && from <= to && to - from < MAX_LISTED)) {
      throw new InvalidArgumentError("It must be numbers from 1, such as 3 or 3,7-9.");
    }
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
  if (numbers.length <= MAX_LISTED) return numbers;
  throw new InvalidArgumentError(`It must be at most ${MAX_LISTED} numbers.`);
}

/** Reads an option that may be given several times. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}
