/** Which of its inputs a switch lets through, told by the names of its inputs. Pure. */

import { type GraphNode, linksOf } from "../graph.ts";

const SELECTOR =
  /^(?:switch|boolean|bool|cond|condition|select|selector|selected|index|input|choice|which|use_\w+)$/i;
const WHEN_TRUE = /(?:^|_)(?:true|tt|then)(?:_|$)/i;
const WHEN_FALSE = /(?:^|_)(?:false|ff|else)(?:_|$)/i;
const NUMBERED = /^(.*?)_?0*(\d+)$/;

/**
 * The input that a switch lets through.
 *
 * @param plain Gives the value of an input, past a primitive; undefined for what is computed.
 * @returns `null` for a switch whose choice cannot be told, undefined for what is no switch.
 */
export function chosenInput(
  node: GraphNode,
  plain: (value: unknown) => unknown,
): string | null | undefined {
  const names = Object.keys(node.inputs);
  const selector = names.find((name) => SELECTOR.test(name));
  const branches = names.filter((name) => name !== selector);
  const [yes, no] = [WHEN_TRUE, WHEN_FALSE].map((kind) => branches.find((name) => kind.test(name)));
  if (selector !== undefined && yes !== undefined && no !== undefined) {
    const value = plain(node.inputs[selector]);
    return typeof value === "boolean" ? (value ? yes : no) : null;
  }
  return numbered(node, selector, branches, plain);
}

/** `select: 2` with `input1`, `input2`; without a selector the first that is linked. */
function numbered(
  node: GraphNode,
  selector: string | undefined,
  branches: readonly string[],
  plain: (value: unknown) => unknown,
): string | null | undefined {
  const links = new Set(linksOf(node).map(([name]) => name));
  const numbers = branches.flatMap((name) => {
    const match = NUMBERED.exec(name);
    return match === null ? [] : [{ name, stem: match[1], number: Number(match[2]) }];
  });
  const isOneStem = new Set(numbers.map(({ stem }) => stem)).size === 1;
  if (!isOneStem || !numbers.some(({ name }) => links.has(name))) return undefined;
  if (selector === undefined) {
    const isAny = /any.?switch/i.test(node.class_type);
    return isAny ? numbers.find(({ name }) => links.has(name))?.name ?? null : undefined;
  }
  const value = plain(node.inputs[selector]);
  if (typeof value === "string") return undefined;
  return numbers.find(({ number }) => number === value)?.name ?? null;
}
