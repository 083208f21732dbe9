#!/usr/bin/env bash
# npm:comfy-ui-client 0.1.2 gives no error but an empty result for a prompt that fails while it runs: it waits for the
# message that no node runs any more, which ComfyUI sends after failures too, and never looks at execution_error nor at
# the status in the history. interrupt(), on the other hand, always throws: it parses the answer as JSON, which is empty
# by ComfyUI's design. The stand-in answers as ComfyUI 0.33.0 does.
#
# Guess: getImages() throws what went wrong, interrupt() does not throw.
# Output seen:
#   sent: execution_error, then executing null; history: error
#   getImages() gives {}
#   interrupt() was received and throws: Unexpected end of JSON input
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund comfy-ui-client@0.1.2 ws@8.23.0

cat > failure.mjs <<'JS'
import { ComfyUIClient } from "comfy-ui-client";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const prompt_id = "7c1f7f5a-26a4-4d8f-9a53-5d2f7f0d8c11";
const prompt = { 1: { class_type: "EmptyImage", inputs: {} }, 2: { class_type: "SaveImage", inputs: { images: ["1", 0] } } };
const failure = {
  prompt_id,
  node_id: "1",
  node_type: "EmptyImage",
  executed: [],
  exception_message: "out of memory",
  exception_type: "RuntimeError",
  traceback: [],
  current_inputs: {},
  current_outputs: ["1", "2"],
  timestamp: 1795351502099,
};
const history = {
  [prompt_id]: {
    prompt: [0, prompt_id, prompt, {}, ["2"]],
    outputs: {},
    status: { status_str: "error", completed: false, messages: [["execution_error", failure]] },
    meta: {},
  },
};
let interrupted = false;
const server = createServer((request, response) => {
  request.resume();
  if (request.url === "/interrupt") {
    interrupted = true;
    return response.end();
  }
  response.setHeader("content-type", "application/json");
  if (request.url.startsWith("/history/")) return response.end(JSON.stringify(history));
  response.end(JSON.stringify({ prompt_id, number: 0, node_errors: {} }));
  // Events go on until the client has seen them: it starts to listen only after this answer.
  const told = setInterval(() => {
    for (const socket of sockets.clients) {
      socket.send(JSON.stringify({ type: "execution_error", data: failure }));
      socket.send(JSON.stringify({ type: "executing", data: { node: null, prompt_id } }));
    }
  }, 20);
  request.socket.once("close", () => clearInterval(told));
});
const sockets = new WebSocketServer({ server });
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const client = new ComfyUIClient(`127.0.0.1:${server.address().port}`, "client");
await client.connect();
const images = await client.getImages(prompt).then(JSON.stringify, (error) => `throws: ${error.message}`);
const { status } = history[prompt_id];
console.log(`sent: execution_error, then executing null; history: ${status.status_str}`);
console.log(`getImages() gives ${images}`);
const after = await client.interrupt().then(() => "returns", (error) => `throws: ${error.message}`);
console.log(`interrupt() was ${interrupted ? "" : "not "}received and ${after}`);
process.exit();
JS
seen=$(timeout 60 node failure.mjs | grep -v '^{"level"')
echo "$seen"
[ "$seen" = "sent: execution_error, then executing null; history: error
getImages() gives {}
interrupt() was received and throws: Unexpected end of JSON input" ] || { echo "CHANGED" >&2; exit 1; }
