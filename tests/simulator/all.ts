/** All tests of this folder, in one isolate. */

import { loadTests } from "../support/load_tests.ts";

await loadTests(import.meta.url);
