"""The least that a worker in Python does for each request: unpack, dispatch, pack. Prints its address first."""

import json

import msgpack
import zmq


def ping(request):
    return {"type": "pong"}


HANDLERS = {"ping": ping}

socket = zmq.Context().socket(zmq.REP)
socket.bind("tcp://127.0.0.1:*")
print(json.dumps({"address": socket.getsockopt_string(zmq.LAST_ENDPOINT)}), flush=True)
while True:
    request = msgpack.unpackb(socket.recv())
    socket.send(msgpack.packb(HANDLERS[request["type"]](request)))
