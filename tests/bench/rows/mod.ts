/** Every row of the table, in its order. */

import type { Bench } from "../support/figures.ts";
import { ACCEPT } from "./accept.ts";
import { BUSY } from "./busy.ts";
import { CODEC } from "./codec.ts";
import { FINISH } from "./finish.ts";
import { IDLE } from "./idle.ts";
import { JOBS_A_SECOND } from "./jobs.ts";
import { FLOODED } from "./floods.ts";
import { MANY } from "./many.ts";
import { GROWTH, MEMORY } from "./memory.ts";
import { PARTS } from "./parts.ts";
import { PING } from "./ping.ts";
import { PIXEL } from "./pixel.ts";
import { POST } from "./post.ts";
import { PROCESSOR } from "./processor.ts";
import { QUEUED } from "./queued.ts";
import { START } from "./start.ts";
import { STEP_UPDATES } from "./steps.ts";
import { SUBSCRIBERS } from "./subscribers.ts";
import { THROUGHPUT } from "./throughput.ts";

/** The benches. */
export const BENCHES: readonly Bench[] = [
  PING,
  THROUGHPUT,
  BUSY,
  FLOODED,
  ACCEPT,
  POST,
  JOBS_A_SECOND,
  PROCESSOR,
  MANY,
  STEP_UPDATES,
  FINISH,
  PIXEL,
  CODEC,
  START,
  MEMORY,
  GROWTH,
  IDLE,
  QUEUED,
  SUBSCRIBERS,
  PARTS,
];
