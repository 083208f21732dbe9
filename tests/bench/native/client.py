"""A load generator on pyzmq. Prints a line of JSON, times in microseconds.

Usage:
  client.py ping ADDRESS COUNT        one REQ, one request after the other
  client.py pipeline ADDRESS N MS     one DEALER that keeps N requests under way; says when it begins to count
"""

import json
import sys
import time

import msgpack
import zmq

WARM_UP = 500
WARM_UP_S = 0.3
PING = msgpack.packb({"type": "ping"})


def connect(kind, address):
    socket = zmq.Context().socket(kind)
    socket.setsockopt(zmq.RCVTIMEO, 5000)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(address)
    return socket


def ping(address, count):
    socket = connect(zmq.REQ, address)

    def ask():
        socket.send(msgpack.packb({"type": "ping"}))
        msgpack.unpackb(socket.recv())

    for _ in range(WARM_UP):
        ask()
    took = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1e6)
    took.sort()
    return {name: took[int(count * share)] for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}


def pipeline(address, depth, ms):
    socket = connect(zmq.DEALER, address)
    for _ in range(depth):
        socket.send_multipart([b"", PING])
    began = time.perf_counter() + WARM_UP_S
    answered = 0
    while (now := time.perf_counter()) < began + ms / 1000:
        socket.recv_multipart()
        socket.send_multipart([b"", PING])
        if now >= began:
            if answered == 0:
                print(json.dumps({"began": True}), flush=True)
            answered += 1
    return {"rate": answered * 1000 / ms}


what, address, *numbers = sys.argv[1:]
print(json.dumps({"ping": ping, "pipeline": pipeline}[what](address, *map(int, numbers))))
