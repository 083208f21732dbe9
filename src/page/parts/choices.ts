/** What can be named in a job. */

import { useEffect, useState } from "preact/hooks";
import { get, wordsOf } from "../api.ts";
import type { Model, Palette } from "../types.ts";

/** Names to choose from. */
export interface Choices {
  readonly models: readonly string[];
  readonly loras: readonly string[];
  /** Empty if the worker does not list them. */
  readonly workflows: readonly string[];
  /** As `workflows`. */
  readonly palettes: readonly Palette[];
  /** Why there are none. */
  readonly fault?: string;
}

const NONE: Choices = { models: [], loras: [], workflows: [], palettes: [] };

/** Asks once. */
export function useChoices(): Choices {
  const [choices, setChoices] = useState(NONE);
  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal).then(setChoices, (error) => {
      if (!stop.signal.aborted) setChoices({ ...NONE, fault: wordsOf(error) });
    });
    return () => stop.abort();
  }, []);
  return choices;
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
