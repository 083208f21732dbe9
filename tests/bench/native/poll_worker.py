"""A worker that drives ComfyUI by looking: at its own queue, at /queue and at /history, every 100 ms.

It runs one job at a time. Each look does all that can be done by then: it fetches what is finished and
posts the next job. Nothing is stored on disk but images.

Usage: poll_worker.py COMFYUI_URL OUTPUT_DIR
"""

import collections
import http.client
import json
import sys
import time
import urllib.parse
import uuid

import msgpack
import zmq

LOOK_S = 0.1

host = urllib.parse.urlparse(sys.argv[1]).netloc
output_dir = sys.argv[2]
connection = http.client.HTTPConnection(host)
context = zmq.Context()
requests = context.socket(zmq.REP)
requests.bind("tcp://127.0.0.1:*")
updates = context.socket(zmq.PUB)
updates.bind("tcp://127.0.0.1:*")
waiting = collections.deque()
job = None


def call(method, path, body=None):
    connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    return connection.getresponse().read()


def graph_of(request):
    width, height = request["size"]
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": request["model"]}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": request["prompt"], "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": width, "height": height, "batch_size": 1}},
        "5": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0],
                "seed": uuid.uuid4().int % 2**53, "steps": request["steps"], "cfg": request["cfg_scale"],
                "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            },
        },
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "poll"}},
    }


def tell(kind, **fields):
    updates.send(msgpack.packb({"type": kind, "job_id": job["id"], **fields}))


def answer(request):
    if request["type"] == "generate":
        waiting.append(request)
        return {"type": "job_accepted", "job_id": request["id"], "estimated_time_s": 1.0}
    return {"type": "pong"}


def start_next():
    global job
    if not waiting:
        return
    job = waiting.popleft()
    body = {"prompt": graph_of(job), "client_id": "poll"}
    job["prompt_id"] = json.loads(call("POST", "/prompt", body))["prompt_id"]
    job["began"] = time.time()
    tell("job_started", timestamp=int(time.time()))


def look():
    global job
    if job is None:
        return start_next()
    prompt_id = job["prompt_id"]
    running = json.loads(call("GET", "/queue"))["queue_running"]
    entry = json.loads(call("GET", "/history/" + prompt_id)).get(prompt_id)
    if entry is None:
        percent = 50.0 if running else 0.0
        # Steps are not to be had this way; what a step meant is known at the latest by this look.
        tell("progress", stage="sampling", step=0, total_steps=0, percent=percent, eta_s=0.0, looked_at=time.time())
        return
    (image,) = entry["outputs"]["7"]["images"]
    path = "%s/%s.png" % (output_dir, job["id"])
    with open(path, "wb") as file:
        file.write(call("GET", "/view?" + urllib.parse.urlencode(image)))
    duration = time.time() - job["began"]
    tell("progress", stage="sampling", step=0, total_steps=0, percent=100.0, eta_s=0.0, looked_at=time.time())
    tell("job_finished", success=True, duration_s=duration)
    tell("job_complete", image_path=path, duration_s=duration)
    job = None
    start_next()


print(
    json.dumps({
        "address": requests.getsockopt_string(zmq.LAST_ENDPOINT),
        "updates": updates.getsockopt_string(zmq.LAST_ENDPOINT),
    }),
    flush=True,
)
next_look = time.monotonic() + LOOK_S
while True:
    if requests.poll(max(0, next_look - time.monotonic()) * 1000):
        requests.send(msgpack.packb(answer(msgpack.unpackb(requests.recv()))))
    if time.monotonic() >= next_look:
        look()
        next_look = max(next_look + LOOK_S, time.monotonic())
