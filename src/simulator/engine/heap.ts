/**
 * A binary heap that lays its array out as Python's `heapq` does, since `/queue` shows that array.
 *
 * @module
 */

/** Tells whether `a` comes before `b`; may throw, as Python's comparison may. */
export type Before<T> = (a: T, b: T) => boolean;

/** `heapq.heappush`. If the comparison throws, the item stays at the end of the array. */
export function heapPush<T>(heap: T[], item: T, before: Before<T>): void {
  heap.push(item);
  siftDown(heap, 0, heap.length - 1, before);
}

/** `heapq.heappop`; `undefined` when the heap is empty. */
export function heapPop<T>(heap: T[], before: Before<T>): T | undefined {
  const last = heap.pop();
  const first = heap[0];
  if (last === undefined || first === undefined) return last;
  heap[0] = last;
  siftUp(heap, 0, before);
  return first;
}

/** `heapq.heapify`. */
export function heapify<T>(heap: T[], before: Before<T>): void {
  for (let index = (heap.length >> 1) - 1; index >= 0; index--) siftUp(heap, index, before);
}

function siftDown<T>(heap: T[], start: number, from: number, before: Before<T>): void {
  let position = from;
  const item = heap[position] as T;
  while (position > start) {
    const parentIndex = (position - 1) >> 1;
    const parent = heap[parentIndex] as T;
    if (!before(item, parent)) break;
    heap[position] = parent;
    position = parentIndex;
  }
  heap[position] = item;
}

/** Moves the smaller child up until a leaf is reached, then the item down to its place. */
function siftUp<T>(heap: T[], from: number, before: Before<T>): void {
  let position = from;
  const item = heap[position] as T;
  for (let child = 2 * position + 1; child < heap.length; child = 2 * position + 1) {
    const right = child + 1;
    const rightIsSmaller = right < heap.length && !before(heap[child] as T, heap[right] as T);
    const smaller = rightIsSmaller ? right : child;
    heap[position] = heap[smaller] as T;
    position = smaller;
  }
  heap[position] = item;
  siftDown(heap, from, position, before);
}
