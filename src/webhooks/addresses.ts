/** Which addresses lie on the public internet, and are no way into the operator's own network. */

import { BlockList, isIP } from "node:net";

/** IPv4 blocks for special use, from IANA's registry (https://www.iana.org/assignments/iana-ipv4-special-registry). */
const SPECIAL_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];

/** What is global unicast of IPv6; all else is local, or stands for an IPv4 address. */
const GLOBAL_V6 = "2000::/3";

/** Blocks of it for special use: tunnels, which also stand for IPv4 addresses, and documentation. */
const SPECIAL_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const blockedV4 = listOf(SPECIAL_V4, "ipv4");
const blockedV6 = listOf(SPECIAL_V6, "ipv6");
const globalV6 = listOf([GLOBAL_V6], "ipv6");

/** Whether an address is one of the public internet. What is no address, or has a zone, is none. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes("%")) return false;
  if (family === 4) return !blockedV4.check(address, "ipv4");
  return globalV6.check(address, "ipv6") && !blockedV6.check(address, "ipv6");
}

function listOf(blocks: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = "", bits = ""] = block.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
