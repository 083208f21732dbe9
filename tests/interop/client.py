"""The ten-line client of the README, with its checks spelt out: prints one JSON line for each message it gets.

Usage: client.py REQUEST_ADDRESS UPDATE_ADDRESS COMMAND [JSON]
"""

import json
import sys
import zlib

import msgpack
import zmq

context = zmq.Context()
requests = context.socket(zmq.REQ)
requests.setsockopt(zmq.RCVTIMEO, 5000)
requests.connect(sys.argv[1])
updates = context.socket(zmq.SUB)
updates.setsockopt(zmq.RCVTIMEO, 20000)
updates.setsockopt_string(zmq.SUBSCRIBE, "")
updates.connect(sys.argv[2])


def show(message):
    print(json.dumps(message), flush=True)
    return message


def ask(message):
    requests.send(msgpack.packb(message))
    return show(msgpack.unpackb(requests.recv()))


def ask_compressed(body):
    """The reply to a compressed request is compressed, a refusal too."""
    requests.send(zlib.compress(body))
    return show(msgpack.unpackb(zlib.decompress(requests.recv())))


def follow(job_id):
    """Shows a job's updates up to the last one."""
    while True:
        update = msgpack.unpackb(updates.recv())
        if update["job_id"] == job_id:
            show(update)
            if update["type"] in ("job_complete", "job_error"):
                return


command = sys.argv[3]
if command == "ask":
    ask(json.loads(sys.argv[4]))
elif command == "generate":
    # A subscription takes a moment to reach the worker; a round trip on the other socket is longer.
    ask({"type": "ping"})
    request = json.loads(sys.argv[4])
    ask(request)
    follow(request["id"])
elif command == "cancel":
    ask({"type": "ping"})
    request = json.loads(sys.argv[4])
    ask(request)
    while msgpack.unpackb(updates.recv())["type"] != "progress":
        pass
    ask({"type": "cancel", "job_id": request["id"]})
    while True:
        update = msgpack.unpackb(updates.recv())
        if update["type"] == "job_finished":
            show(update)
            break
elif command == "compressed":
    ask_compressed(msgpack.packb({"type": "ping"}))
    ask_compressed(msgpack.packb({"type": "fly"}))
    ask_compressed(msgpack.packb({
        "type": "generate", "id": "py-0", "prompt": "a knight " * 1000, "model": "none",
        "size": [64, 64], "steps": 8, "cfg_scale": 7.0,
    }))
    ask_compressed(b"\0" * 2_000_000)
elif command == "garbage":
    for garbage in (b"", b"\xc1", b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 1048577):
        requests.send(garbage)
        show(msgpack.unpackb(requests.recv()))
    requests.send_multipart([b"one", b"two"])
    show(msgpack.unpackb(requests.recv()))
    ask({"type": "ping"})
