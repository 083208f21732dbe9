// Generates one image: client REQUESTS UPDATES
//
// With github.com/go-zeromq/zmq4, in Go alone, and github.com/ugorji/go/codec. It has no CURVE: tunnel.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/ugorji/go/codec"
)

type message map[string]interface{}

var handle = codec.MsgpackHandle{WriteExt: true} // str and bin, not "raw" for both

var ended = map[interface{}]bool{
	"job_complete": true, "job_error": true, "error": true,
	"completed": true, "failed": true, "cancelled": true,
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(received zmq4.Msg, err error) (got message) {
	check(err)
	check(codec.NewDecoderBytes(received.Bytes(), &handle).Decode(&got))
	return got
}

func ask(requests zmq4.Socket, request message) message {
	var bytes []byte
	check(codec.NewEncoderBytes(&bytes, &handle).Encode(request))
	check(requests.Send(zmq4.NewMsg(bytes)))
	return read(requests.Recv())
}

func main() {
	handle.RawToString = true
	background := context.Background()
	requests, updates := zmq4.NewReq(background), zmq4.NewSub(background)
	check(requests.Dial(os.Args[1]))
	check(updates.Dial(os.Args[2]))
	check(updates.SetOption(zmq4.OptionSubscribe, ""))
	heard := make(chan message)
	go func() {
		for {
			heard <- read(updates.Recv())
		}
	}()

	id := fmt.Sprintf("go-%d-%d", os.Getpid(), time.Now().UnixNano())
	last := ask(requests, message{"type": "generate", "id": id, "prompt": "a knight, größer",
		"model": "sd_xl_base_1.0.safetensors", "size": []int{1024, 1024}, "steps": 20, "cfg_scale": 8.0})
	for !ended[last["type"]] && !ended[last["state"]] {
		var update message
		select {
		case update = <-heard:
		case <-time.After(5 * time.Second): // an update may be lost
			update = ask(requests, message{"type": "job", "job_id": id})
		}
		if update["job_id"] == id {
			last = update
		}
		fmt.Println(update["type"])
	}
	fmt.Println(last)
	if last["image_path"] == nil {
		os.Exit(1)
	}
}
