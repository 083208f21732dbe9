/** Counting what people call characters. */

/** Unicode code points of a text. An iteration would take ten times as long, and strangers send megabytes. */
export function countCharacters(value: string): number {
  let count = value.length;
  for (let at = 1; at < value.length; at++) {
    if (isLow(value.charCodeAt(at)) && isHigh(value.charCodeAt(at - 1))) count--;
  }
  return count;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
