import { decodeUpdate, encodeUpdate, type Progress } from "../../src/protocol/mod.ts";

const PROGRESS: Progress = {
  type: "progress",
  job_id: "0193c1f2-7a34-7cc1-9d5b-0f0e0d0c0b0a",
  stage: "sampling",
  step: 7,
  total_steps: 20,
  percent: 41.25,
  eta_s: 3.5,
};
const BYTES = encodeUpdate(PROGRESS);

Deno.bench({ name: "encode a progress update", group: "codec", baseline: true }, () => {
  encodeUpdate(PROGRESS);
});

Deno.bench({ name: "decode and validate a progress update", group: "codec" }, () => {
  decodeUpdate(BYTES);
});
