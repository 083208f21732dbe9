// Generates one image: client REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
//
// With github.com/pebbe/zmq4, which needs libzmq, and github.com/vmihailenco/msgpack/v5.
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/vmihailenco/msgpack/v5"
)

// Without tags the keys would be the names of Go: "Type", "ID".
type request struct {
	Type     string  `msgpack:"type"`
	ID       string  `msgpack:"id,omitempty"`
	JobID    string  `msgpack:"job_id,omitempty"`
	Prompt   string  `msgpack:"prompt,omitempty"`
	Model    string  `msgpack:"model,omitempty"`
	Size     []int   `msgpack:"size,omitempty"`
	Steps    int     `msgpack:"steps,omitempty"`
	CfgScale float64 `msgpack:"cfg_scale,omitempty"`
}

type told struct {
	Type      string `msgpack:"type"`
	JobID     string `msgpack:"job_id"`
	State     string `msgpack:"state"`
	ImagePath string `msgpack:"image_path"`
	Error     string `msgpack:"error"`
	Message   string `msgpack:"message"`
}

var ended = map[string]bool{
	"job_complete": true, "job_error": true, "error": true,
	"completed": true, "failed": true, "cancelled": true,
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func connect(kind zmq4.Type, address string) *zmq4.Socket {
	socket := must(zmq4.NewSocket(kind))
	if len(os.Args) == 6 {
		check(socket.ClientAuthCurve(os.Args[3], os.Args[4], os.Args[5]))
	}
	if kind == zmq4.SUB {
		check(socket.SetSubscribe(""))
	}
	check(socket.SetRcvtimeo(5 * time.Second))
	check(socket.Connect(address))
	return socket
}

func read(bytes []byte) (message told) {
	check(msgpack.Unmarshal(bytes, &message))
	return message
}

func ask(requests *zmq4.Socket, message request) told {
	must(requests.SendBytes(must(msgpack.Marshal(message)), 0))
	return read(must(requests.RecvBytes(0)))
}

func main() {
	requests, updates := connect(zmq4.REQ, os.Args[1]), connect(zmq4.SUB, os.Args[2])
	id := fmt.Sprintf("go-%d-%d", os.Getpid(), time.Now().UnixNano())
	last := ask(requests, request{Type: "generate", ID: id, Prompt: "a knight, größer",
		Model: "sd_xl_base_1.0.safetensors", Size: []int{1024, 1024}, Steps: 20, CfgScale: 8})
	for !ended[last.Type] && !ended[last.State] {
		bytes, err := updates.RecvBytes(0)
		var update told
		if zmq4.AsErrno(err) == zmq4.Errno(syscall.EAGAIN) { // an update may be lost
			update = ask(requests, request{Type: "job", JobID: id})
		} else {
			check(err)
			update = read(bytes)
		}
		if update.JobID == id {
			last = update
		}
		fmt.Println(update.Type)
	}
	fmt.Printf("%+v\n", last)
	if last.ImagePath == "" {
		os.Exit(1)
	}
}
