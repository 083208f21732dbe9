"""Subscribers on pyzmq: some that read, some that never do.

Usage: subscribers.py ADDRESS READERS STOPPED

Prints a line when all are connected; then, for each line on standard input, how many messages each of
the readers has got since, once they all have got the message "end".
"""

import json
import sys

import zmq

context = zmq.Context()


def subscribe(high_water_mark):
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, high_water_mark)
    socket.setsockopt(zmq.LINGER, 0)
    if high_water_mark == 1:
        socket.setsockopt(zmq.RCVBUF, 4096)
    socket.connect(sys.argv[1])
    socket.setsockopt(zmq.SUBSCRIBE, b"")
    return socket


readers = [subscribe(0) for _ in range(int(sys.argv[2]))]
stopped = [subscribe(1) for _ in range(int(sys.argv[3]))]
print(json.dumps({"ready": True}), flush=True)
for _ in sys.stdin:
    counts = []
    for reader in readers:
        count = 0
        while reader.recv() != b"end":
            count += 1
        counts.append(count)
    print(json.dumps({"counts": counts}), flush=True)
