package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

const (
	longestWork = 12 * 60 * 60 * 1000 // milliseconds: SQS hides no message for longer
	mostMemory  = 64 << 10            // MiB
)

// load is what a message asks for.
type load struct {
	Milliseconds int `json:"milliseconds"`
	MemoryMiB    int `json:"memory_mib"`
}

// work does what one message asks for: here it only holds memory for some time. Put your own work in its place.
//
// The message is deleted when work returns nil, and shown again later when it returns an error. A message may
// come twice, as SQS has it. `ctx` ends when the message is no longer ours: then another worker has it.
func work(ctx context.Context, body string) error {
	load, err := readLoad(body)
	if err != nil {
		return err
	}
	held := hold(load.MemoryMiB)
	sleep(ctx, time.Duration(load.Milliseconds)*time.Millisecond)
	runtime.KeepAlive(held)
	held = nil
	debug.FreeOSMemory() // else the memory would still count as ours while we wait for the next message
	return ctx.Err()
}

func readLoad(body string) (load, error) {
	var read load
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return read, fmt.Errorf("the message is not {\"milliseconds\", \"memory_mib\"}: %w", err)
	}
	if read.Milliseconds < 0 || read.Milliseconds > longestWork {
		return read, fmt.Errorf("milliseconds: %d is not from 0 to %d", read.Milliseconds, longestWork)
	}
	if read.MemoryMiB < 0 || read.MemoryMiB > mostMemory {
		return read, fmt.Errorf("memory_mib: %d is not from 0 to %d", read.MemoryMiB, mostMemory)
	}
	return read, nil
}

// hold takes memory that is really used: the system gives a page only when something is written to it.
func hold(mebibytes int) []byte {
	held := make([]byte, mebibytes<<20)
	for at := 0; at < len(held); at += os.Getpagesize() {
		held[at] = 1
	}
	return held
}
