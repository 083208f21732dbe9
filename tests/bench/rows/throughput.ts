/** Many requests at once: eight clients that wait, and one that does not. */

import { atLeast, type Bench, type Figure, short } from "../support/figures.ts";
import { generateLoad, type Language } from "../support/load.ts";
import { startC, startOurs, startPython } from "../support/parties.ts";
import { alternate, median, ratio, type Rounds } from "../support/statistics.ts";

const ROUNDS = 5;
const MS = 500;
const CLIENTS = 8;
const IN_FLIGHT = 64;

type Rates = Rounds<"ours" | "P" | "C", number>;

/** Requests a second. */
export const THROUGHPUT: Bench = {
  name: "throughput",
  about: `requests a second of ${CLIENTS} REQ clients, and of a DEALER with ${IN_FLIGHT} in flight`,
  async run() {
    await using ours = await startOurs(["--simulate"]);
    await using p = await startPython();
    await using c = await startC();
    const measure = (language: Language, kind: string, clients: number): Promise<Rates> => {
      const rate = async (address: string) =>
        (await generateLoad(language, [kind, address, String(clients), String(MS)])).rate;
      return alternate(ROUNDS, {
        ours: () => rate(ours.requests),
        P: () => rate(p.requests),
        C: () => rate(c?.requests ?? p.requests),
      });
    };
    const inC = "in C";
    const results: Figure[] = [];
    if (c !== undefined) {
      const what = `${CLIENTS} REQ clients ${inC}`;
      results.push(figure(what, await measure("C", "flood", CLIENTS), 0.9));
      const dealer = `one DEALER ${inC}, ${IN_FLIGHT} in flight`;
      results.push(figure(dealer, await measure("C", "pipeline", IN_FLIGHT), 0.8));
    }
    const dealer = `one DEALER of pyzmq, ${IN_FLIGHT} in flight`;
    results.push(figure(dealer, await measure("Python", "pipeline", IN_FLIGHT), 0.8));
    return results;
  },
};

function figure(what: string, rates: Rates, limit: number): Figure {
  return {
    what,
    ours: `${short(median(rates.ours))}/s`,
    beside: `P ${short(median(rates.P))}/s, C ${short(median(rates.C))}/s`,
    target: `≥${limit}×P`,
    ...atLeast(ratio(rates.ours, rates.P), limit),
  };
}
