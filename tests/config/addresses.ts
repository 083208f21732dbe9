/** Good and bad values of the settings that are addresses. */

/** Addresses that ZeroMQ takes, and others. */
export const ADDRESSES: {
  readonly good: readonly (readonly [text: string, value: unknown])[];
  readonly bad: readonly string[];
} = {
  good: [
    ["tcp://0.0.0.0:6001", "tcp://0.0.0.0:6001"],
    ["tcp://[::1]:6002", "tcp://[::1]:6002"],
    ["ipc:///run/dgx/requests.sock", "ipc:///run/dgx/requests.sock"],
    ["tcp://*:*", "tcp://*:*"],
    ["tcp://eth0:0", "tcp://eth0:0"],
    ["tcp://gpu-box.local:65535", "tcp://gpu-box.local:65535"],
    [" tcp://127.0.0.1:6003 ", "tcp://127.0.0.1:6003"],
  ],
  bad: [
    "6001",
    "localhost:6001",
    "tcp://localhost",
    "tcp://localhost:",
    "tcp://localhost:65536",
    "tcp://:6001",
    "tcp://::1:6001",
    "tcp://local host:6001",
    "udp://127.0.0.1:6001",
    "inproc://x",
    "ipc://",
    "ipc://a\u0000b",
    "ipc:///" + "x".repeat(107),
    "tcp://127.0.0.1:6001/",
  ],
};
