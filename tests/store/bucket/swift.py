"""OpenStack Swift in one process, with its S3 API: all four servers below one directory.

Prints its port once it can be asked. Ends with its standard input.
"""

import eventlet

eventlet.patcher.monkey_patch()

import os
import sys

import eventlet.wsgi
from swift.common import utils, wsgi
from swift.common.ring import RingBuilder

(root,) = sys.argv[1:]
utils.HASH_PATH_PREFIX = utils.HASH_PATH_SUFFIX = b"tests"
utils.validate_hash_conf = lambda: None

COMMON = f"""
[DEFAULT]
swift_dir = {root}
devices = {root}
mount_check = false
log_address = {root}/log
"""

BACKEND = """
[pipeline:main]
pipeline = server
[app:server]
use = egg:swift#%s
"""

PROXY = """
[pipeline:main]
pipeline = catch_errors cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
[filter:s3api]
use = egg:swift#s3api
location = eu-test-1
min_segment_size = 1024
[filter:tempauth]
use = egg:swift#tempauth
user_studio_pixels = not-so-secret .admin
[filter:slo]
use = egg:swift#slo
"""


def start(name, sock, text):
    path = f"{root}/{name}.conf"
    with open(path, "w") as file:
        file.write(COMMON + text)
    eventlet.spawn(eventlet.wsgi.server, sock, wsgi.loadapp(path), log_output=False)


os.mkdir(f"{root}/disk")
sockets = {}
for kind in ("account", "container", "object"):
    sockets[kind] = eventlet.listen(("127.0.0.1", 0))
    builder = RingBuilder(4, 1, 1)
    place = {"region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "device": "disk"}
    builder.add_dev({**place, "port": sockets[kind].getsockname()[1]})
    builder.rebalance()
    builder.get_ring().save(f"{root}/{kind}.ring.gz")
for kind, sock in sockets.items():
    start(kind, sock, BACKEND % kind)
front = eventlet.listen(("127.0.0.1", 0))
start("proxy", front, PROXY)
print(front.getsockname()[1], flush=True)
eventlet.tpool.execute(sys.stdin.read)
os._exit(0)
