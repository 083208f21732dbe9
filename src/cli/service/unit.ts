/** The unit file by which systemd keeps a worker running, with as few rights as it gets by with. */

/** What goes into the unit. */
export interface UnitOptions {
  /** The program and its arguments, up to the word `worker`. */
  readonly command: readonly string[];
  /** File with settings. */
  readonly configFile: string;
}

/**
 * Writes the unit. Relative paths of the settings lead into the state directory. `MemoryDenyWriteExecute` is
 * missing because V8 writes machine code, `PrivateNetwork` because the worker serves and asks over it.
 * ZeroMQ ends the process if it may not set its threads' priorities (`@resources`, which Deno needs for its limit of
 * open files, too) or not list interfaces (`AF_NETLINK`). `kill` is the shell's: small systems have no `/bin/kill`.
 */
export function renderUnit({ command, configFile }: UnitOptions): string {
  const start = [...command, "worker", "--config", configFile].map(quoted).join(" ");
  return `# Written by \`dgx-pixels service print\`; put it into /etc/systemd/system/dgx-pixels.service
[Unit]
Description=dgx-pixels worker
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=${start}
ExecReload=/bin/sh -c "kill -HUP $MAINPID"
WatchdogSec=30
Restart=always
RestartSec=2
TimeoutStartSec=120
TimeoutStopSec=30

DynamicUser=yes
StateDirectory=dgx-pixels
CacheDirectory=dgx-pixels
WorkingDirectory=%S/dgx-pixels
Environment=DENO_DIR=%C/dgx-pixels HOME=%S/dgx-pixels
UMask=0027

CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** systemd.service(5): `%` and `$` mean something, blanks and quotes part words. */
function quoted(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  if (!/[\s"'\\;]/.test(escaped)) return escaped;
  return `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
