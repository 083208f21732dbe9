/** Bounds the tests of every file, before it is loaded: `deno test --preload` names this. */

import { bounded } from "./bounded.ts";

/** Several times what the longest test takes where all run side by side, in milliseconds. */
const MOST_MS = 300_000;

Object.assign(Deno, { test: bounded(Deno.test, MOST_MS) });
