/** The values of the settings one by one, as types. */

import type { ComfyuiConfig, Config } from "./config.ts";
import type { ServerValues } from "./servers.ts";

/** ComfyUI as the settings have it one by one. */
export interface ComfyuiValues extends Omit<ComfyuiConfig, "servers"> {
  readonly urls: readonly string[];
  readonly servers: readonly ServerValues[] | undefined;
  readonly maxRetries: number;
}

/** The values of the settings one by one; in {@linkcode Config} those that say one thing are joined. */
export interface Values extends Omit<Config, "comfyui"> {
  readonly comfyui: ComfyuiValues;
}

/** Place of a value: `zmq.reqRepAddr`, `simulate`. */
type FieldOf<C> = {
  [S in keyof C & string]: C[S] extends boolean ? S : `${S}.${keyof C[S] & string}`;
}[keyof C & string];

type ValueAt<C, F extends string> = F extends `${infer S extends keyof C & string}.${infer K}`
  ? K extends keyof C[S] ? C[S][K] : never
  : F extends keyof C ? C[F]
  : never;

/** Place of a setting's value in {@linkcode Values}. */
export type Field = FieldOf<Values>;

/** What the setting at a place is. */
export type ValueOf<F extends Field> = ValueAt<Values, F>;
