/** Good and bad values that several settings share. */

import type { Config } from "../../src/config/mod.ts";

/** What a setting takes and what it refuses. */
export interface SettingCase {
  /** The value's place in the configuration. */
  read: (config: Config) => unknown;
  /** Texts with the values they mean. */
  good: readonly (readonly [text: string, value: unknown])[];
  /** Texts that are refused by every source. */
  bad: readonly string[];
}

/** Addresses to listen on. */
export const ADDRESSES: Pick<SettingCase, "good" | "bad"> = {
  good: [
    ["tcp://0.0.0.0:6001", "tcp://0.0.0.0:6001"],
    ["tcp://[::1]:6002", "tcp://[::1]:6002"],
    ["ipc:///run/dgx/requests.sock", "ipc:///run/dgx/requests.sock"],
    ["tcp://*:*", "tcp://*:*"],
    ["tcp://eth0:0", "tcp://eth0:0"],
    ["tcp://gpu-box.local:65535", "tcp://gpu-box.local:65535"],
    [" tcp://127.0.0.1:6003 ", "tcp://127.0.0.1:6003"],
  ],
  bad: [
    "6001",
    "localhost:6001",
    "tcp://localhost",
    "tcp://localhost:",
    "tcp://localhost:65536",
    "tcp://:6001",
    "tcp://::1:6001",
    "tcp://local host:6001",
    "udp://127.0.0.1:6001",
    "inproc://x",
    "ipc://",
    "ipc://a\u0000b",
    "ipc:///" + "x".repeat(107),
    "tcp://127.0.0.1:6001/",
  ],
};

/** What no number is. */
export const NO_NUMBERS = "many|-1|0x10|1_000|1e999|.inf|NaN|Infinity|1 000|010".split("|");

/** On and off. */
export const TOGGLES: Pick<SettingCase, "good" | "bad"> = {
  good: [["true", true], ["false", false], ["Yes", true], ["off", false], ["1", true], [
    "0",
    false,
  ]],
  bad: ["maybe", "2", "truee", "-"],
};

/** How often something is tried again. */
export const RETRIES: Pick<SettingCase, "good" | "bad"> = {
  good: [["0", 0], ["7", 7], ["100", 100]],
  bad: ["101", "1.5", ...NO_NUMBERS],
};

/** How often something may happen in a second. */
export const RATES: Pick<SettingCase, "good" | "bad"> = {
  good: [["0", 0], ["60", 60], ["1000", 1000]],
  bad: ["1001", "0.5", ...NO_NUMBERS],
};

/** Files of workflows. */
export const WORKFLOWS: Pick<SettingCase, "good" | "bad"> = {
  good: [["img2img", "img2img"], ["sprite_v1.5-b", "sprite_v1.5-b"], ["sprite.json", "sprite"], [
    "12",
    "12",
  ]],
  bad: ["../sprite", "a/b", ".json", "a b", "-x", "x".repeat(129)],
};

/** Addresses of servers. */
export const URLS = {
  good: [
    "http://gpu:8188",
    "https://gpu.example/comfy/",
    "HTTP://[::1]:1/",
    "http://me:s@gpu:1",
    "http://gpu/?token=abc",
  ],
  meaning: [
    "http://gpu:8188",
    "https://gpu.example/comfy",
    "http://[::1]:1",
    "http://me:s@gpu:1",
    "http://gpu/?token=abc",
  ],
  bad: [
    "gpu:8188",
    "ftp://gpu",
    "http://",
    "http:///x",
    "http:gpu",
    "http://gpu:99999",
    "http://gpu/#a",
    "http://gpu/#",
  ],
};

/** Paths of a file or folder of this name. */
export function paths(name: string): Pick<SettingCase, "good" | "bad"> {
  return {
    good: [[`/srv/${name}`, `/srv/${name}`], [`./${name} of mine`, `./${name} of mine`], [
      "1.10",
      "1.10",
    ]],
    bad: ["~/x", "~", "a\u0000b", "a\nb", "x".repeat(4097)],
  };
}

/** The same where each value is the only one of a list. */
export function oneOfMany(
  { good, bad }: Pick<SettingCase, "good" | "bad">,
): Pick<SettingCase, "good" | "bad"> {
  return { good: good.map(([text, value]) => [text, [value]]), bad };
}
