import { equal, ok } from "node:assert/strict";
import { redact, redactHook } from "../src/redact.ts";

const HIDDEN: readonly (readonly [text: string, shown: string])[] = [
  ["http://user:s3cret@host:8188/a", "http://***@host:8188/a"],
  ["ws://s3cret@host", "ws://***@host"],
  ["http://user:s3@cret@host/", "http://***@host/"],
  [
    "error for url (http://u:s3cret@h/x), then http://u:s3cret@i",
    "error for url (http://***@h/x), then http://***@i",
  ],
  ["http://user:s3/cr?e#t@host", "http://***@host"],
  ["https://host/x?width=8&api_key=s3cret&y=1", "https://host/x?width=8&api_key=***&y=1"],
  ["https://host/x?access_token=s3cret#part", "https://host/x?access_token=***#part"],
  ['{"Authorization":"Bearer s3cret","x":1}', '{"Authorization":"***","x":1}'],
  ["authorization: Basic s3cret", "authorization: ***"],
];

for (const [text, shown] of HIDDEN) {
  Deno.test(`redact() shows ${JSON.stringify(text)} without its secret`, () => {
    equal(redact(text), shown);
    ok(!redact(text).includes("s3cret"));
  });
}

const KEPT = [
  "http://host:8188/view?filename=a@b.png",
  "file:///home/me@work/x.png",
  "mail me@example.org // or not",
  "a key=value in a sentence?",
  "/data/out/ünï@2x.png",
];

for (const text of KEPT) {
  Deno.test(`redact() leaves ${JSON.stringify(text)} as it is`, () => equal(redact(text), text));
}

Deno.test("redact() hides given secrets wherever they stand, and an empty one nowhere", () => {
  equal(redact("token abc123 in abc123x", ["abc123", ""]), "token *** in ***x");
});

Deno.test("redact() takes time in proportion to a text that was made to be slow", () => {
  const slow = [
    "//:a".repeat(60_000),
    "?".repeat(240_000),
    "//" + "a".repeat(240_000),
    "?" + "auth".repeat(60_000),
  ];
  // In proportion to its square, each would take minutes; a busy machine takes no seconds for all.
  const begunMs = performance.now();
  for (const text of slow) equal(redact(text), text);
  ok(performance.now() - begunMs < 30_000);
});

Deno.test("redactHook() hides keys in a path, and leaves what tells one webhook from another", () => {
  const key = "XXXXXXXXXXXXXXXXXXXXXXXX";
  const shown = {
    [`https://hooks.slack.com/services/T00000000/B00000000/${key}`]:
      "https://hooks.slack.com/services/T00000000/B00000000/***",
    [`https://me:${key}@h/a/${key}/b?token=${key}#x`]: "https://***@h/a/***/b?token=***#x",
    "http://a-long-name.example.org:9000/hook": "http://a-long-name.example.org:9000/hook",
    "no address": "no address",
  };
  for (const [url, expected] of Object.entries(shown)) equal(redactHook(url), expected);
});
