"""A subscriber on pyzmq that counts jobs done.

Usage: count_endings.py ADDRESS

Prints a line when it is connected; then, for each number on standard input, a line when so many more
`job_complete` have come.
"""

import json
import sys
import time

import msgpack
import zmq

# A subscription takes a moment to reach its publisher.
SETTLE_S = 0.2

socket = zmq.Context().socket(zmq.SUB)
socket.setsockopt(zmq.RCVHWM, 0)
socket.connect(sys.argv[1])
socket.setsockopt(zmq.SUBSCRIBE, b"")
time.sleep(SETTLE_S)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    wanted = int(line)
    while wanted > 0:
        wanted -= msgpack.unpackb(socket.recv())["type"] == "job_complete"
    print(json.dumps({"done": True}), flush=True)
