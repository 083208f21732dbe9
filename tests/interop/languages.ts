/** The programs of src/client/languages/, and what each needs to run. */

import { PYTHON } from "./python.ts";

/** A program in another language. */
export interface Language {
  /** The language, and the library where there are several. */
  readonly name: string;
  /** Its file in src/client/languages/. */
  readonly file: string;
  /** A shell line that succeeds where its parts are there. */
  readonly parts: string;
  /** Shell lines that build it in the working directory, if it must be built; FILE stands for its path. */
  readonly build?: string;
  /** The shell line that runs it. */
  readonly run: string;
  /** Whether it takes CURVE keys: not every library can. */
  readonly takesKeys: boolean;
  /** Whether .ci/run installs its parts: the others are too large, or Debian lacks them. */
  readonly inCi: boolean;
}

const JARS = "/usr/share/java/jeromq.jar:/usr/share/java/msgpack-core.jar";
const GO = "GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode";

function hasGo(...packages: readonly string[]): string {
  return ["go version", ...packages.map((name) => `test -d /usr/share/gocode/src/${name}`)]
    .join(" && ");
}

/** Crates as Debian installs them: nothing is asked of a registry. */
const CARGO = `mkdir -p src .cargo && cp FILE src/main.rs
cat > Cargo.toml <<'END'
[package]
name = "client"
version = "0.1.0"
edition = "2021"
[dependencies]
zmq = "0.9"
rmp-serde = "1"
serde = { version = "1", features = ["derive"] }
END
cat > .cargo/config.toml <<'END'
[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "/usr/share/cargo/registry"
END
cargo build --offline`;

/** Every program. */
export const LANGUAGES: readonly Language[] = [
  {
    name: "Python",
    file: "client.py",
    parts: `${PYTHON} -c 'import zmq, msgpack'`,
    run: `${PYTHON} FILE`,
    takesKeys: true,
    inCi: true,
  },
  {
    name: "Perl",
    file: "client.pl",
    parts: "perl -MZMQ::FFI -MData::MessagePack -e 1",
    run: "perl FILE",
    takesKeys: true,
    inCi: true,
  },
  {
    name: "PHP",
    file: "client.php",
    parts: `php -r 'exit(class_exists("ZMQ") && class_exists("MessagePack") ? 0 : 1);'`,
    run: "php FILE",
    takesKeys: true,
    inCi: true,
  },
  {
    name: "Ruby",
    file: "client.rb",
    parts: "ruby -rffi-rzmq -rmsgpack -e ''",
    run: "ruby FILE",
    takesKeys: true,
    inCi: true,
  },
  {
    name: "Lua",
    file: "client.lua",
    parts: `luajit -e 'require("MessagePack"); require("ffi").load("zmq.so.5")'`,
    run: "luajit FILE",
    takesKeys: true,
    inCi: true,
  },
  {
    name: "C",
    file: "client.c",
    parts: "echo '#include <zmq.h>\n#include <msgpack.h>' | cc -E -xc - -o /dev/null",
    build: "cc -O1 -Wall -Wextra -Werror FILE -o client -lzmq -lmsgpackc",
    run: "./client",
    takesKeys: true,
    inCi: true,
  },
  {
    name: "Node",
    file: "client.mjs",
    parts: "node -e '' && npm --version",
    build: "npm install --silent --ignore-scripts --no-audit --no-fund zeromq@6.8.0 " +
      "msgpackr@2.1.4 && cp FILE client.mjs",
    run: "node client.mjs",
    takesKeys: true,
    inCi: true,
  },
  {
    name: "Java",
    file: "Client.java",
    parts: `javac -version && test -e ${JARS.replace(":", " -a -e ")}`,
    run: `java -cp ${JARS} FILE`,
    takesKeys: false,
    inCi: false,
  },
  {
    name: "Rust",
    file: "client.rs",
    parts: "cargo --version && ls /usr/share/cargo/registry/{zmq,rmp-serde,serde_derive}-*",
    build: CARGO,
    run: "target/debug/client",
    takesKeys: true,
    inCi: false,
  },
  {
    name: "Go on libzmq",
    file: "client_libzmq.go",
    parts: hasGo("github.com/pebbe/zmq4", "github.com/vmihailenco/msgpack"),
    build: `${GO} go build -o client FILE`,
    run: "./client",
    takesKeys: true,
    inCi: false,
  },
  {
    name: "Go alone",
    file: "client_pure.go",
    parts: hasGo("github.com/go-zeromq/zmq4", "github.com/ugorji/go"),
    build: `${GO} go build -o client FILE`,
    run: "./client",
    takesKeys: false,
    inCi: false,
  },
];
