"""Generates one image: client.py REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]"""

import sys
import uuid
import msgpack
import zmq

context = zmq.Context()


def connect(kind, address, keys):
    socket = context.socket(kind)
    if keys:
        socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = keys
    if kind == zmq.SUB:
        socket.subscribe(b"")
    socket.rcvtimeo = 5000
    socket.connect(address)
    return socket


requests_address, updates_address, *keys = map(str.encode, sys.argv[1:])
requests = connect(zmq.REQ, requests_address.decode(), keys)
updates = connect(zmq.SUB, updates_address.decode(), keys)


def ask(message):
    requests.send(msgpack.packb(message))
    return msgpack.unpackb(requests.recv())


job_id = str(uuid.uuid4())
ended = ("job_complete", "job_error", "error", "completed", "failed", "cancelled")
told = ask({"type": "generate", "id": job_id, "prompt": "a knight, größer", "steps": 20,
            "model": "sd_xl_base_1.0.safetensors", "size": [1024, 1024], "cfg_scale": 8.0})
while told["type"] not in ended and told.get("state") not in ended:
    try:
        update = msgpack.unpackb(updates.recv())
    except zmq.Again:
        update = ask({"type": "job", "job_id": job_id})  # an update may be lost
    if update["job_id"] == job_id:
        told = update
    print(update["type"])
print(told)
sys.exit(0 if "image_path" in told else 1)
