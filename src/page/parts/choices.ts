/** What can be named in a job. */

import { useEffect, useState } from "preact/hooks";
import { get, wordsOf } from "../api.ts";
import { useLook } from "../live.ts";
import type { Model, Palette, Server } from "../types.ts";

const LOOK_EVERY_MS = 5_000;

/** Names to choose from. */
export interface Choices {
  readonly models: readonly string[];
  readonly loras: readonly string[];
  /** Empty if the worker does not list them. */
  readonly workflows: readonly string[];
  /** As `workflows`. */
  readonly palettes: readonly Palette[];
  /** Why there are none, or older ones. */
  readonly fault?: string;
}

const NONE: Choices = { models: [], loras: [], workflows: [], palettes: [] };

/** Asks at once, whenever a server has come, gone or changed its state, and when the reader comes back. */
export function useChoices(): Choices {
  const [choices, setChoices] = useState(NONE);
  const returns = useReturns();
  const { answer, fault } = useLook(
    (signal) => get<{ servers: Server[] }>("/v1/servers", signal),
    LOOK_EVERY_MS,
    [],
    { isCalm: true },
  );
  const servers = answer?.servers.map(({ name, state }) => `${name} ${state}`).join("\n");
  const isAnswered = answer !== undefined || fault !== undefined;
  useEffect(() => {
    if (!isAnswered) return;
    const stop = new AbortController();
    load(stop.signal).then(setChoices, (error) => {
      if (stop.signal.aborted) return;
      setChoices((known) => ({ ...known, fault: wordsOf(error) }));
    });
    return () => stop.abort();
  }, [isAnswered, servers, fault, returns, choices.fault === undefined ? undefined : answer]);
  return choices;
}

/** How often the reader has come back to the page. */
function useReturns(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const back = () => setCount((before) => before + 1);
    addEventListener("focus", back);
    return () => removeEventListener("focus", back);
  }, []);
  return count;
}

async function load(signal: AbortSignal): Promise<Choices> {
  const [{ models }, workflows, palettes] = await Promise.all([
    get<{ models: Model[] }>("/v1/models", signal),
    // Without a server that answers there are no lists of these, and the form does without.
    get<{ workflows: { name: string }[] }>("/v1/workflows", signal).catch(() => undefined),
    get<{ palettes: Palette[] }>("/v1/palettes", signal).catch(() => undefined),
  ]);
  const named = (type: string) =>
    models.filter(({ model_type }) => model_type === type).map(({ name }) => name);
  return {
    models: named("checkpoint"),
    loras: named("lora"),
    workflows: workflows?.workflows.map(({ name }) => name) ?? [],
    palettes: palettes?.palettes ?? [],
  };
}
