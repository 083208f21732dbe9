/** Runs the tests of a folder in one isolate: for most files, an isolate of their own costs more than their tests. */

import { listFiles } from "./files.ts";

/** Takes in each test file below the folder of a module, in the order of their paths. */
export async function loadTests(module: string): Promise<void> {
  const folder = new URL("./", module);
  for (const path of await listFiles(folder)) {
    if (path.endsWith("_test.ts")) await import(new URL(path, folder).href);
  }
}
