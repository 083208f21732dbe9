import { deepEqual } from "node:assert/strict";
import { isPublic } from "../../src/webhooks/addresses.ts";

Deno.test("addresses of the public internet are public", () => {
  const addresses = [
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700::1111",
  ];
  deepEqual(addresses.filter((address) => !isPublic(address)), []);
});

Deno.test("no way into one's own network is public, however it is written", () => {
  const addresses =
    "127.0.0.1 127.9.9.9 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 " +
    "100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 :: ::1 ::ffff:127.0.0.1 ::ffff:1.1.1.1 " +
    "::7f00:1 64:ff9b::7f00:1 fc00::1 fd12::1 fe80::1 fe80::1%eth0 ff02::1 2002:7f00:1:: 2001::1 2001:db8::1 " +
    "3fff::1 localhost 0x7f.1 1.1.1 2606:4700::1111%eth0";
  deepEqual(addresses.split(" ").filter(isPublic), []);
});
