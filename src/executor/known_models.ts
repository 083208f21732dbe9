/** What the host remembers of a server's models, so that it can choose a server without asking. */

import type { GenerateRequest, ModelInfo } from "../protocol/mod.ts";
import { modelNameKey } from "../protocol/names.ts";

/** How long an answer "it lacks that" is good before it is asked again, in milliseconds. */
const FRESH_MS = 5_000;

/** Options of {@linkcode createKnownModels}. */
export interface KnownModelsOptions {
  /** Asks the server. */
  ask: () => Promise<readonly ModelInfo[]>;
  /** Called when something may have changed. */
  onChange: () => void;
  /** Clock, Unix milliseconds. @default {Date.now} */
  now?: () => number;
}

/** The models of one server as last heard. */
export interface KnownModels {
  /** Keys of all of them; undefined while that is not known. */
  readonly keys: ReadonlySet<string> | undefined;
  /** True if the server has what a request names; also while that is not known. */
  has(request: GenerateRequest): boolean;
  /** Asks again, in the background. */
  refresh(): void;
}

/** Creates a memory that knows nothing yet. */
export function createKnownModels(options: KnownModelsOptions): KnownModels {
  const { ask, onChange, now = Date.now } = options;
  let known: ReadonlySet<string> | undefined;
  let askedAtMs = -Infinity;
  const refresh = () => {
    askedAtMs = now();
    ask().then((models) => {
      known = new Set(models.map((model) => `${model.model_type}/${modelNameKey(model.name)}`));
      onChange();
      // A server that cannot be asked is not ready for jobs either.
    }, () => {});
  };
  return {
    refresh,
    get keys() {
      return known;
    },
    has(request) {
      if (known === undefined) return true;
      const has = modelKeys(request).every((name) => known?.has(name));
      // A file may have been added since.
      if (!has && now() - askedAtMs > FRESH_MS) refresh();
      return has;
    },
  };
}

/** Keys of the models that a request names, the same however it spells them. */
export function modelKeys({ model, lora, loras }: GenerateRequest): string[] {
  const names = loras?.map((choice) => choice.name) ?? (lora === undefined ? [] : [lora]);
  return [
    `checkpoint/${modelNameKey(model)}`,
    ...names.map((name) => `lora/${modelNameKey(name)}`),
  ];
}
