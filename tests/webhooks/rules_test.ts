import { deepEqual, equal, match } from "node:assert/strict";
import { hostOf, refusalOf } from "../../src/webhooks/rules.ts";

const RULES = {
  ownUrl: "http://me:pw@intern:1/hook",
  allowedHosts: ["hooks.example.org", "*.example.net", "10.0.0.7:9000", "[::1]:80"],
  allowPrivate: false,
};

Deno.test("a webhook may lead to hosts allowed, on their usual ports or the one named", () => {
  const urls = [
    "https://hooks.example.org/x",
    "http://HOOKS.example.org:80/",
    "https://a.b.example.net",
    "http://10.0.0.7:9000/",
    "http://0xa.7:9000/",
    "http://[0::1]/",
    RULES.ownUrl,
  ];
  deepEqual(urls.filter((url) => refusalOf(url, RULES) !== undefined), []);
});

Deno.test("a webhook may lead nowhere else, and the refusal says why", () => {
  const urls = [
    "https://hooks.example.org:8443/",
    "https://xhooks.example.org/",
    "https://hooks.example.org.evil.com/",
    "https://evil.com/?hooks.example.org",
    "https://evil.com/#hooks.example.org",
    "https://hooks.example.org./",
    "https://example.net/",
    "https://evilexample.net/",
    "http://10.0.0.7/",
    "http://10.0.0.7:90000/",
    "http://127.0.0.1:9000/",
  ];
  deepEqual(urls.filter((url) => refusalOf(url, RULES) === undefined), []);
  match(refusalOf("https://evil.com/", RULES) ?? "", /evil\.com is not allowed.*allowed_hosts/);
  for (const url of ["ftp://hooks.example.org/", "hooks.example.org", "javascript:0", ""]) {
    match(refusalOf(url, RULES) ?? "", /no http:\/\/ or https:\/\/ URL/);
  }
  match(refusalOf("https://me:pw@hooks.example.org/", RULES) ?? "", /user or password/);
});

Deno.test("the same host by another scheme or spelling counts as one", () => {
  equal(hostOf("https://Hooks.example.org/x"), "hooks.example.org:443");
  equal(hostOf("http://hooks.example.org:443/y"), "hooks.example.org:443");
  equal(hostOf("http://[0::1]"), "[::1]:80");
});
