/** Good and bad values of the settings of webhooks and of what is deleted. */

import type { SettingCase } from "./case_values.ts";

const TOGGLE: Pick<SettingCase, "good" | "bad"> = {
  good: [["true", true], ["off", false], ["1", true]],
  bad: ["maybe", "2"],
};

/** One case a setting. */
export const WEBHOOK_CASES: Readonly<Record<string, SettingCase>> = {
  "webhooks.notify_url": {
    read: (config) => config.webhooks.url,
    good: ["https://hooks.example.org/x?y=1", "http://127.0.0.1:9000/x", "http://[::1]/"].map((
      url,
    ) => [url, url.replace(/\/$/, "")]),
    bad: ["hooks.example.org", "ftp://hooks.example.org", "https://"],
  },
  "webhooks.events": {
    read: (config) => config.webhooks.events,
    good: [["failed", ["failed"]], ["completed", ["completed"]], ["cancelled", ["cancelled"]]],
    bad: ["started", "job.failed"],
  },
  "webhooks.secret_file": {
    read: (config) => config.webhooks.secretFile,
    good: [["/run/hooks", "/run/hooks"], ["./hooks", "./hooks"], ["1.10", "1.10"]],
    bad: ["~/secret", "a\u0000b"],
  },
  "webhooks.allowed_hosts": {
    read: (config) => config.webhooks.allowedHosts,
    good: [
      ["hooks.example.org", ["hooks.example.org"]],
      ["Hooks.Example.ORG:8443", ["hooks.example.org:8443"]],
      ["*.example.org", ["*.example.org"]],
      ["10.0.0.7:9000", ["10.0.0.7:9000"]],
      ["[0:0::1]:80", ["[::1]:80"]],
      ["0x7f.1", ["127.0.0.1"]],
    ],
    bad: [
      "*",
      "*.",
      "*.10.0.0.7",
      "https://a.b",
      "a.b/c",
      "a b",
      "me@a.b",
      "a.b:99999",
      "a.b:0",
      "::1",
    ],
  },
  "webhooks.allow_private": { read: (config) => config.webhooks.allowPrivate, ...TOGGLE },
  "output.delete_forgotten": { read: (config) => config.output.deleteForgotten, ...TOGGLE },
};
