import assert from "node:assert/strict";
import { readPostgresUrl, shownAddress } from "../../../src/queue/postgres/address.ts";

const USUAL = {
  hosts: [{ host: "localhost", port: 5432 }],
  database: "queue",
  user: "pixels",
  password: "",
  schema: "dgx_pixels",
  ssl: "prefer",
} as const;

Deno.test("readPostgresUrl() needs a user and a database, and reads all that may be said besides", () => {
  for (const host of ["", "localhost", ":5432"]) {
    assert.deepEqual(readPostgresUrl(`postgres://pixels@${host}/queue`), USUAL);
  }
  const full =
    "postgresql://p%40x:s%3Acret@db:6000,[::1],other:6001/queue?schema=a_1&sslmode=require";
  assert.deepEqual(readPostgresUrl(full), {
    hosts: [{ host: "db", port: 6000 }, { host: "::1", port: 5432 }, { host: "other", port: 6001 }],
    database: "queue",
    user: "p@x",
    password: "s:cret",
    schema: "a_1",
    ssl: "require",
  });
  const socket = readPostgresUrl("postgres://pixels@:5433/queue?host=/run/postgresql");
  assert.deepEqual(socket, { ...USUAL, hosts: [{ host: "/run/postgresql", port: 5433 }] });
  assert.deepEqual(readPostgresUrl("postgres://pixels@%2Frun%2Fpostgresql:5433/queue"), socket);
});

for (
  const [url, why] of [
    ["mysql://a@b/c", /no postgres:\/\/ URL/],
    ["nonsense", /no postgres:\/\/ URL/],
    ["postgres://a:hush@b:port/c", /no postgres:\/\/ URL/],
    ["postgres://a:hush@b/c?color=red", /unknown parameter color/],
    ["postgres://a:hush@b/c?schema=A;drop", /schema must be of small letters/],
    ["postgres://a:hush@b/c?sslmode=perhaps", /sslmode must be one of disable, prefer/],
    ["postgres://a:hush@b", /must name a user and a database/],
    ["postgres:///c", /must name a user and a database/],
    ["postgres://b/c", /must name a user and a database/],
    ["postgres://a:hush@b,/c", /a host is empty or wrong/],
    ["postgres://a:hush@b,c:port/c", /a host is empty or wrong/],
    ["postgres://a:hush%zz@b/c", /a % in it must be written as %25/],
  ] as const
) {
  Deno.test(`readPostgresUrl() refuses ${url} without telling its password`, () => {
    assert.throws(() => readPostgresUrl(url), (error) => {
      assert.match(String(error), why);
      assert.doesNotMatch(String(error), /hush/);
      return true;
    });
  });
}

Deno.test("shownAddress() leaves user and password out", () => {
  const address = readPostgresUrl("postgres://pixels:hush@db/queue");
  assert.equal(shownAddress(address), "postgres://db:5432/queue?schema=dgx_pixels");
  const six = readPostgresUrl("postgres://pixels@[::1],db/queue");
  assert.equal(shownAddress(six), "postgres://[::1]:5432,db:5432/queue?schema=dgx_pixels");
});
