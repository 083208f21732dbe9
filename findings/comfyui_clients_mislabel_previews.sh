#!/usr/bin/env bash
# Two clients of ComfyUI misread what kind of image a binary message holds. Its first four bytes are 1, the next four 1
# for JPEG or 2 for PNG, then comes the image: sampler previews are JPEG, those of SaveImageWebsocket PNG, the result
# itself. npm:@saintno/comfyui-sdk 0.3.1 reads the first four twice and calls all JPEG; npm:@stable-canvas/comfyui-client
# 1.5.9 reads from the second byte and calls all PNG. A client that saves by the type names its files wrong.
#
# Guess: the type of the blob is that of the message.
# Output seen:
#   JPEG sent: comfyui-sdk says image/jpeg, comfyui-client says image/png
#   PNG sent: comfyui-sdk says image/jpeg, comfyui-client says image/png
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @saintno/comfyui-sdk@0.3.1 @stable-canvas/comfyui-client@1.5.9 ws@8.23.0

cat > previews.mjs <<'JS'
import { ComfyApi } from "@saintno/comfyui-sdk";
import { Client } from "@stable-canvas/comfyui-client";
import { WebSocket, WebSocketServer } from "ws";

const images = { JPEG: [1, 0xff, 0xd8, 0xff, 0xe0], PNG: [2, 0x89, 0x50, 0x4e, 0x47] };
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await new Promise((resolve) => server.once("listening", resolve));
server.on("connection", (socket) => {
  for (const [format, ...bytes] of Object.values(images)) {
    socket.send(Buffer.from([0, 0, 0, 1, 0, 0, 0, format, ...bytes]));
  }
});
const host = `127.0.0.1:${server.address().port}`;

/** The types that a client tells of both messages. */
const told = (listen) =>
  new Promise((resolve) => {
    const types = [];
    listen((blob) => types.push(blob.type) === 2 && resolve(types));
  });
const sdk = await told((tell) => {
  const api = new ComfyApi(`http://${host}`);
  api.on("b_preview", ({ detail }) => tell(detail));
  api.createSocket();
});
const client = await told((tell) => {
  const api = new Client({ api_host: host, WebSocket });
  api.on("b_preview", tell);
  api.createSocket();
});
Object.keys(images).forEach((name, at) =>
  console.log(`${name} sent: comfyui-sdk says ${sdk[at]}, comfyui-client says ${client[at]}`)
);
process.exit();
JS
seen=$(timeout 60 node previews.mjs)
echo "$seen"
[ "$seen" = "JPEG sent: comfyui-sdk says image/jpeg, comfyui-client says image/png
PNG sent: comfyui-sdk says image/jpeg, comfyui-client says image/png" ] || { echo "CHANGED" >&2; exit 1; }
