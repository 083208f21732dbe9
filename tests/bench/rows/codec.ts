/** What a message costs to write and to read. */

import { decodeUpdate, encodeUpdate, type Progress } from "../../../src/protocol/mod.ts";
import { atMost, type Bench, time } from "../support/figures.ts";
import { median } from "../support/statistics.ts";

const ROUNDS = 15;
const CALLS = 10_000;

const PROGRESS: Progress = {
  type: "progress",
  job_id: "0193c1f2-7a34-7cc1-9d5b-0f0e0d0c0b0a",
  stage: "sampling",
  step: 7,
  total_steps: 20,
  percent: 41.25,
  eta_s: 3.5,
};

/** Encoding and decoding. */
export const CODEC: Bench = {
  name: "codec",
  about: "encode, and decode with validation, a progress update",
  run() {
    const bytes = encodeUpdate(PROGRESS);
    const encode = perCall(() => encodeUpdate(PROGRESS));
    const decode = perCall(() => decodeUpdate(bytes));
    return Promise.resolve([
      {
        what: "encode a progress update",
        ours: time(encode),
        beside: "",
        target: "≤10 µs",
        ...atMost(encode * 1_000, 10),
      },
      {
        what: "decode and validate a progress update",
        ours: time(decode),
        beside: "",
        target: "≤20 µs",
        ...atMost(decode * 1_000, 20),
      },
    ]);
  },
};

/** Milliseconds a call; the first rounds warm up and do not matter to the median. */
function perCall(call: () => unknown): number {
  return median(Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    for (let i = 0; i < CALLS; i += 1) call();
    return (performance.now() - began) / CALLS;
  }));
}
