import { deepEqual, equal, match } from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { createPoster, type PosterOptions } from "../../src/webhooks/mod.ts";
import { hookReceiver } from "../support/hook_receiver.ts";

const SECRETS = [7, 8].map((byte) => `whsec_${new Uint8Array(32).fill(byte).toBase64()}`);

const IDLE = new AbortController().signal;

/** The rules that let a receiver of a test be told. */
function poster(url: string, options: Partial<PosterOptions> = {}) {
  const { host } = new URL(url);
  const rules = { ownUrl: undefined, allowedHosts: [host], allowPrivate: true };
  return createPoster({ rules, secrets: SECRETS, ...options });
}

function message(url: string, body = '{"type":"job.completed","data":"ü 🗡"}') {
  return { id: "msg_1", url, body };
}

Deno.test("a message arrives as it is, with a signature that any Standard Webhooks library knows", async () => {
  await using receiver = hookReceiver();
  const result = await poster(receiver.url)(message(receiver.url), IDLE);
  deepEqual(result, { type: "delivered" });
  const [{ headers, body, path } = { headers: new Headers(), body: "", path: "" }] = receiver.told;
  equal(path, "/hook");
  equal(headers.get("content-type"), "application/json");
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  const signed = Object.fromEntries(names.map((name) => [name, headers.get(name) ?? ""]));
  for (const secret of SECRETS) {
    deepEqual(new Webhook(secret).verify(body, signed), { type: "job.completed", data: "ü 🗡" });
  }
});

Deno.test("a redirect is not followed and counts as a failure", async () => {
  await using target = hookReceiver();
  for (const status of [301, 302, 307, 308]) {
    await using receiver = hookReceiver(() =>
      new Response(null, { status, headers: { location: target.url } })
    );
    const result = await poster(receiver.url)(message(receiver.url), IDLE);
    match(
      JSON.stringify(result),
      new RegExp(`"HTTP ${status}: redirects are not followed".*false`),
    );
  }
  equal(target.told.length, 0);
});

Deno.test("any answer but 2xx is a failure; 410 is final, Retry-After is kept to within an hour", async () => {
  const cases = [
    [500, undefined, { isFinal: false }],
    [404, undefined, { isFinal: false }],
    [410, undefined, { isFinal: true }],
    [503, "7", { isFinal: false, pauseMs: 7_000 }],
    [429, "999999", { isFinal: false, pauseMs: 3_600_000 }],
    [429, "soon", { isFinal: false }],
  ] as const;
  for (const [status, after, expected] of cases) {
    const headers: Record<string, string> = after === undefined ? {} : { "retry-after": after };
    await using receiver = hookReceiver(() => new Response("no", { status, headers }));
    const result = await poster(receiver.url)(message(receiver.url), IDLE);
    deepEqual(result, { type: "failed", error: `HTTP ${status}`, ...expected });
  }
});

Deno.test("an answer without an end holds nothing up, its body is not read", async () => {
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  });
  await using receiver = hookReceiver(() => new Response(endless));
  deepEqual(await poster(receiver.url)(message(receiver.url), IDLE), { type: "delivered" });
});

Deno.test("a receiver that hangs is given up in time, and at once when the worker stops", async () => {
  const { promise: hanging, resolve: release } = Promise.withResolvers<Response>();
  await using receiver = hookReceiver(() => hanging);
  const late = await poster(receiver.url, { timeoutMs: 50 })(message(receiver.url), IDLE);
  deepEqual(late, { type: "failed", error: "No answer within 0.05 s", isFinal: false });
  const stopping = new AbortController();
  const stopped = poster(receiver.url)(message(receiver.url), stopping.signal);
  await receiver.toldTimes(2);
  stopping.abort();
  deepEqual(await stopped, { type: "failed", error: "The worker stopped", isFinal: false });
  release(new Response());
});

Deno.test("nobody there is a failure with its reason", async () => {
  const { url } = await closedReceiver();
  const result = await poster(url)(message(url), IDLE);
  match(JSON.stringify(result), /"failed","error":"[^"]*(?:refused|ECONNREFUSED)/i);
});

Deno.test("a name that leads into one's own network is not connected to, nor an address of it", async () => {
  await using receiver = hookReceiver();
  const { port } = new URL(receiver.url);
  const named = `http://hooks.example.org:${port}/`;
  const addresses = [["127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1", "127.0.0.1"]];
  for (const found of addresses) {
    const rules = { ownUrl: undefined, allowedHosts: [new URL(named).host], allowPrivate: false };
    const resolve = () => Promise.resolve(found);
    const result = await createPoster({ rules, secrets: SECRETS, resolve })(message(named), IDLE);
    match(JSON.stringify(result), /not of the public internet.*allow_private/);
  }
  const rules = { ownUrl: undefined, allowedHosts: [`127.0.0.1:${port}`], allowPrivate: false };
  const literal = await createPoster({ rules, secrets: SECRETS })(message(receiver.url), IDLE);
  match(JSON.stringify(literal), /not of the public internet/);
  equal(receiver.told.length, 0);
});

Deno.test("the address that was looked at is the one connected to, even if the name has moved", async () => {
  await using receiver = hookReceiver();
  const url = `http://hooks.example.org:${new URL(receiver.url).port}/`;
  let looks = 0;
  const resolve = () => Promise.resolve([`127.0.0.${looks += 1}`]);
  const result = await poster(url, { resolve })(message(url), IDLE);
  deepEqual(result, { type: "delivered" });
  equal(looks, 1);
  match(receiver.told[0]?.headers.get("host") ?? "", /^hooks\.example\.org:/);
});

Deno.test("the operator's own webhook may be anywhere, and what is no longer allowed is given up", async () => {
  await using receiver = hookReceiver();
  const rules = { ownUrl: receiver.url, allowedHosts: [], allowPrivate: false };
  const post = createPoster({ rules, secrets: SECRETS });
  deepEqual(await post(message(receiver.url), IDLE), { type: "delivered" });
  const refused = await post(message(`${receiver.url}/other`), IDLE);
  match(JSON.stringify(refused), /Not allowed any more.*"isFinal":true/);
});

async function closedReceiver(): Promise<{ url: string }> {
  await using receiver = hookReceiver();
  return { url: receiver.url };
}
