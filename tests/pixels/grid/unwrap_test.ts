import { ok } from "node:assert/strict";
import { relax, unwrap } from "../../../src/pixels/grid/unwrap.ts";
import { randomNumbers } from "../support.ts";

Deno.test("relax() lets no noise around the content bend its lines", () => {
  const [strips, blocks] = [16, 32];
  const re = new Float64Array(strips * blocks);
  const im = new Float64Array(strips * blocks);
  const isContent = (place: number) => {
    const [strip, block] = [Math.floor(place / blocks), place % blocks];
    return strip >= 5 && strip < 11 && block >= 8 && block < 24;
  };
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomNumbers(seed);
    for (let place = 0; place < re.length; place++) {
      const turn = isContent(place) ? 0 : random();
      const amplitude = isContent(place) ? 1 : 0.12;
      re[place] = amplitude * Math.cos(2 * Math.PI * turn);
      im[place] = -amplitude * Math.sin(2 * Math.PI * turn);
    }
    const phases = { length: 1024, strips, blocks, re, im };
    const turns = relax(unwrap(phases), phases);
    const most = turns.reduce((m, turn, at) => isContent(at) ? Math.max(m, Math.abs(turn)) : m, 0);
    ok(most < 0.05, `seed ${seed}: ${most} turns`);
  }
});

Deno.test("unwrap() lets no noise between the content and a frame around it add whole turns", () => {
  const [strips, blocks] = [16, 64];
  const re = new Float64Array(strips * blocks);
  const im = new Float64Array(strips * blocks);
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomNumbers(seed);
    for (let place = 0; place < re.length; place++) {
      const block = place % blocks;
      const isFrame = block >= blocks - 2;
      const isLoud = isFrame || (block >= 24 && block < 40);
      const turn = isFrame ? 0.1 : isLoud ? 0 : random();
      const amplitude = isLoud ? 1 : 0.12;
      re[place] = amplitude * Math.cos(2 * Math.PI * turn);
      im[place] = -amplitude * Math.sin(2 * Math.PI * turn);
    }
    const { turns } = unwrap({ length: 1024, strips, blocks, re, im });
    const frame = turns[turns.length - 1]! - turns[32]!;
    ok(Math.abs(frame - 0.1) < 0.01, `seed ${seed}: ${frame} turns`);
  }
});
