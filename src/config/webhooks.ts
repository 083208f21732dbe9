/** The settings of webhooks. */

import { ENDINGS } from "../protocol/limits.ts";
import { httpUrl, listOf, oneOf, path, type SingleKind, toggle } from "./kinds.ts";
import type { Setting } from "./setting.ts";
import type { Field, ValueOf } from "./values.ts";

type WebhookField = Field & `webhooks.${string}`;

const [MAX_HOSTS, MAX_HOST_CHARS] = [64, 259];

/** A host, or all below a domain, with a port if need be. */
function hostPattern(): SingleKind<string> {
  return {
    type: "single",
    expected: "a host such as hooks.example.org, *.example.org or 10.0.0.7:9000",
    placeholder: "host",
    parse(text) {
      const [, wildcard = "", rest = ""] = /^(\*\.)?(.+)$/.exec(text.trim().toLowerCase()) ?? [];
      if (text.length > MAX_HOST_CHARS || !/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/.test(rest)) {
        return undefined;
      }
      // As URLs write it. Some other port, so that none is dropped for being the usual one.
      const [, name = "", port] = /^(.+?)(?::(\d+))?$/.exec(rest) ?? [];
      const url = `http://${name}:${port ?? 1}`;
      if (!URL.canParse(url) || Number(port ?? 1) === 0) return undefined;
      const host = new URL(url).hostname;
      if (wildcard !== "" && !/^[a-z]/.test(host)) return undefined;
      return `${wildcard}${host}${port === undefined ? "" : `:${Number(port)}`}`;
    },
    format: (host) => host,
  };
}

/** A part of the table of all settings. */
export const WEBHOOK_SETTINGS: { readonly [F in WebhookField]: Setting<ValueOf<F>> } = {
  "webhooks.url": {
    path: "webhooks.notify_url",
    kind: httpUrl(),
    default: undefined,
    help: "where to tell how jobs end",
  },
  "webhooks.events": {
    path: "webhooks.events",
    kind: listOf(oneOf(ENDINGS), ENDINGS.length),
    default: undefined,
    help: "endings that it is told; all unless given",
  },
  "webhooks.secretFile": {
    path: "webhooks.secret_file",
    kind: path("file"),
    default: undefined,
    help: "file with the secret that webhooks are signed with",
  },
  "webhooks.allowedHosts": {
    path: "webhooks.allowed_hosts",
    kind: listOf(hostPattern(), MAX_HOSTS),
    default: [],
    help: "hosts that jobs may name as webhook",
  },
  "webhooks.allowPrivate": {
    path: "webhooks.allow_private",
    kind: toggle(),
    default: false,
    help: "let those hosts have addresses of your own network",
  },
};
