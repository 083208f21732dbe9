/** Stands for systemd: prints each datagram that comes to a socket as a line of JSON, or reads none if it is deaf. */

const [path = "", deaf] = Deno.args;
const socket = Deno.listenDatagram({ transport: "unixpacket", path });
await Deno.stdout.write(new TextEncoder().encode('"listening"\n'));
// It waits for what never comes.
const heard = deaf === undefined
  ? socket
  : Deno.listenDatagram({ transport: "unixpacket", path: `${path}.${deaf}` });
for await (const [bytes] of heard) {
  const line = `${JSON.stringify(new TextDecoder().decode(bytes))}\n`;
  await Deno.stdout.write(new TextEncoder().encode(line));
}
