/** Makes do with fewer colours. Pure. */

/** A colour and how many cells have it. */
export interface Swatch {
  /** Place in OKLab. */
  readonly lab: readonly [number, number, number];
  /** Levels of 0 to 255. */
  readonly rgb: readonly [number, number, number];
  /** Cells. */
  readonly count: number;
}

/**
 * Makes the palette smaller by merging, again and again, the two colours whose merging changes the image
 * least.
 */
export function limitColors(swatches: readonly Swatch[], most: number): Swatch[] {
  const kept = [...swatches];
  const nearest = kept.map((_, index) => nearestOf(kept, index));
  while (kept.length > Math.max(1, most)) {
    let from = 0;
    for (let index = 1; index < kept.length; index++) {
      if (nearest[index]!.cost < nearest[from]!.cost) from = index;
    }
    const to = nearest[from]!.index;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    kept[low] = blend(kept[low]!, kept[high]!);
    const last = kept.length - 1;
    kept[high] = kept[last]!;
    nearest[high] = nearest[last]!;
    kept.pop();
    nearest.pop();
    for (let index = 0; index < kept.length; index++) {
      const { index: other } = nearest[index]!;
      if (index === low || other === low || other === high) nearest[index] = nearestOf(kept, index);
      else {
        if (other === last) nearest[index] = { ...nearest[index]!, index: high };
        const cost = costOf(kept[index]!, kept[low]!);
        if (cost < nearest[index]!.cost) nearest[index] = { index: low, cost };
      }
    }
  }
  return kept.sort((a, b) => b.count - a.count);
}

function nearestOf(swatches: readonly Swatch[], index: number): { index: number; cost: number } {
  let best = { index: -1, cost: Infinity };
  swatches.forEach((other, at) => {
    if (at === index) return;
    const cost = costOf(swatches[index]!, other);
    if (cost < best.cost) best = { index: at, cost };
  });
  return best;
}

/** Ward's criterion: how much the sum of squared distances grows. */
function costOf(a: Swatch, b: Swatch): number {
  const [dl, da, db] = [a.lab[0] - b.lab[0], a.lab[1] - b.lab[1], a.lab[2] - b.lab[2]];
  return (a.count * b.count * (dl * dl + da * da + db * db)) / (a.count + b.count);
}

function blend(a: Swatch, b: Swatch): Swatch {
  const count = a.count + b.count;
  const mean = (p: readonly number[], q: readonly number[], c: number) =>
    (p[c]! * a.count + q[c]! * b.count) / count;
  return {
    count,
    lab: [mean(a.lab, b.lab, 0), mean(a.lab, b.lab, 1), mean(a.lab, b.lab, 2)],
    rgb: [mean(a.rgb, b.rgb, 0), mean(a.rgb, b.rgb, 1), mean(a.rgb, b.rgb, 2)],
  };
}
