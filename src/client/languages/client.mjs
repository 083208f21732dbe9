// Generates one image: node client.mjs REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
import { randomUUID } from "node:crypto";
import { Packr } from "msgpackr";
import { Request, Subscriber } from "zeromq";

const [requestsAddress, updatesAddress, curveServerKey, curvePublicKey, curveSecretKey] = process.argv
  .slice(2);
const packr = new Packr({ useRecords: false, int64AsType: "number" });
const keys = curveServerKey ? { curveServerKey, curvePublicKey, curveSecretKey } : {};
const requests = new Request({ ...keys, receiveTimeout: 5000 });
const updates = new Subscriber({ ...keys, receiveTimeout: 5000 });
requests.connect(requestsAddress);
updates.connect(updatesAddress);
updates.subscribe();

async function ask(message) {
  await requests.send(packr.pack(message));
  const [reply] = await requests.receive();
  return packr.unpack(reply);
}

const id = randomUUID();
const ended = ["job_complete", "job_error", "error", "completed", "failed", "cancelled"];
let told = await ask({
  type: "generate",
  id,
  prompt: "a knight, größer",
  model: "sd_xl_base_1.0.safetensors",
  size: [1024, 1024],
  steps: 20,
  cfg_scale: 8,
});
while (!ended.includes(told.type) && !ended.includes(told.state)) {
  let update;
  try {
    const [bytes] = await updates.receive();
    update = packr.unpack(bytes);
  } catch (error) {
    if (error.code !== "EAGAIN") throw error;
    update = await ask({ type: "job", job_id: id }); // an update may be lost
  }
  if (update.job_id === id) told = update;
  console.log(update.type);
}
console.log(told);
process.exit(told.image_path ? 0 : 1);
