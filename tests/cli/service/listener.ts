/** Stands for systemd: prints each datagram that comes to a socket as a line of JSON. */

const [path = ""] = Deno.args;
const socket = Deno.listenDatagram({ transport: "unixpacket", path });
await Deno.stdout.write(new TextEncoder().encode('"listening"\n'));
for await (const [bytes] of socket) {
  const line = `${JSON.stringify(new TextDecoder().decode(bytes))}\n`;
  await Deno.stdout.write(new TextEncoder().encode(line));
}
