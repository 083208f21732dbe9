/** The promises about what is kept in an image store, held to account when all is at rest. */

import { DatabaseSync } from "node:sqlite";
import type { Plan } from "./plan.ts";
import { flawOf } from "./promises.ts";
import type { World } from "./world/world.ts";

/** Quiet time in which the cleanup surely comes by twice, in milliseconds. */
const CLEAN_MS = 150_000;

/** Looks for what every completed job must have there, and for what nobody wants. */
export function checkStore(
  world: World,
  { idleMs }: Plan,
  { dbPath, dir }: { dbPath: string; dir: string },
): void {
  using closing = new DisposableStack();
  const db = new DatabaseSync(dbPath);
  closing.defer(() => db.close());
  const wanted = new Set<string>();
  for (const { id, outcome } of db.prepare("SELECT id, outcome FROM jobs").all()) {
    const { type, result } = JSON.parse(String(outcome ?? "{}"));
    if (type !== "completed") continue;
    const folder = String(result.storedAt).split("/").at(-1)!;
    wanted.add(folder);
    for (const path of result.imagePaths as string[]) {
      const flaw = flawOf(`${dir}/${folder}/${path.split("/").at(-1)}`);
      if (flaw !== undefined) world.fail(`${id} is completed, but its copy is ${flaw}`);
    }
  }
  if (idleMs < CLEAN_MS) return;
  for (const folder of namesIn(dir)) {
    for (const name of namesIn(`${dir}/${folder}`)) {
      world.count("files in the store");
      const isHalf = name.endsWith(".part");
      if (isHalf || !wanted.has(folder)) world.fail(`${folder}/${name} is left in the store`);
    }
  }
}

/** What is in a directory; nothing if it is a file. */
function namesIn(path: string): string[] {
  return Deno.statSync(path).isDirectory ? [...Deno.readDirSync(path)].map(({ name }) => name) : [];
}
