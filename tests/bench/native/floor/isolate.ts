/** The isolate of the floor. */

import { type Start, type Task, type Told, viewOf } from "./messages.ts";
import { Lane } from "../lane.ts";

const scope = globalThis as unknown as Worker;
const tasks = new Map<string, Task>();
let lanes: Lane[] = [];

scope.onmessage = async ({ data }: MessageEvent<Start | Task>) => {
  if ("job" in data) {
    tasks.set(data.job.id, data);
    await lanes[data.server]?.post(data.job);
    return;
  }
  const { counter, stepAt } = viewOf(data.memory);
  lanes = data.urls.map((url) =>
    new Lane(url, {
      folder: data.folder,
      onStep({ id }, step, steps) {
        stepAt(counter[0]!).set([tasks.get(id)!.number, step, steps]);
        Atomics.add(counter, 0, 1);
        Atomics.notify(counter, 0);
      },
      onSaved({ id }) {
        const { number, server } = tasks.get(id)!;
        tasks.delete(id);
        tell({ number, server });
      },
    })
  );
  await Promise.all(lanes.map(({ opened }) => opened));
  tell("ready");
};

function tell(message: Told): void {
  scope.postMessage(message);
}
