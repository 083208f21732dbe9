import { deepEqual, equal, ok } from "node:assert/strict";
import { createRedactor, hideSecrets, secretsOf } from "../src/secrets.ts";

Deno.test("hideSecrets() hides user, password and query of every URL in a text", () => {
  const text = "at http://me:s3cret@gpu:1/x?token=s3cret&a=b and ws://tok@b, not a@b.c?d=e";
  const shown = "at http://***@gpu:1/x?token=***&a=*** and ws://***@b, not a@b.c?d=e";
  equal(hideSecrets(text), shown);
});

Deno.test("createRedactor() finds secrets however they are written, in all that is plain", () => {
  const secrets = secretsOf("http://me:p%40ssw0rd@gpu/?token=t0ken%2Fx", {
    Authorization: "Bearer b3arer-token",
    "X-Key": "k3y-of-mine",
  });
  const redact = createRedactor(secrets);
  const leaks = {
    url: "http://me:p%40ssw0rd@gpu/?token=t0ken%2Fx",
    plain: ["p@ssw0rd", "t0ken/x", "b3arer-token", "Bearer b3arer-token", "k3y-of-mine"],
    basic: { deep: [{ header: `Basic ${btoa("me:p@ssw0rd")}` }] },
  };
  const shown = JSON.stringify(redact(leaks));
  for (const secret of ["ssw0rd", "t0ken", "b3arer", "k3y", btoa("me:p@ssw0rd")]) {
    ok(!shown.includes(secret), `${secret} in ${shown}`);
  }
});

Deno.test("createRedactor() finds a secret as servers spell it", () => {
  const secret = `p&a<s>s"w'o/r d+é`;
  const spellings = [
    "p%26a%3Cs%3Es%22w'o%2Fr%20d%2B%C3%A9",
    "p%26a%3cs%3es%22w'o%2fr%20d%2b%c3%a9",
    "p%26a%3Cs%3Es%22w'o%2Fr+d%2B%C3%A9",
    "p&amp;a&lt;s&gt;s&quot;w&#39;o/r d+é",
    "p&amp;a&lt;s&gt;s&quot;w&#x27;o/r d+é",
    `p&amp;a&lt;s&gt;s"w'o/r d+é`,
    `p&a<s>s\\"w'o/r d+é`,
    `p&a<s>s\\"w'o\\/r d+é`,
    `p&a<s>s\\"w'o/r d+\\u00e9`,
  ];
  const redact = createRedactor([secret]);
  for (const spelling of spellings) equal(redact(`: ${spelling}.`), ": ***.");
});

Deno.test("createRedactor() leaves everything else as it is", () => {
  const date = new Date(0);
  const values = { text: "about", number: 1, none: null, list: [true], date, missing: undefined };
  deepEqual(createRedactor(["a", "one"])(values), values);
});
