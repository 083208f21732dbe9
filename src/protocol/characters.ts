/** Lengths of texts as the other implementations of the protocol count them: in Unicode code points. */

/** Unicode code points of a text. An iteration would take ten times as long, and strangers send megabytes. */
export function countCharacters(value: string): number {
  let count = value.length;
  for (let at = 1; at < value.length; at++) {
    if (isLow(value.charCodeAt(at)) && isHigh(value.charCodeAt(at - 1))) count--;
  }
  return count;
}

/** Whether a text has so many. The comparison with `length` decides nearly always. */
export function hasCharacters(value: string, least: number, most: number): boolean {
  if (value.length < least) return false;
  return value.length <= most || (value.length <= 2 * most && countCharacters(value) <= most);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
