package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

type fields map[string]any

// journal writes one JSON object a line. Safe for use by several goroutines.
type journal struct {
	out  io.Writer
	now  func() time.Time
	lock sync.Mutex
}

// say writes what happened. What cannot be written is lost: a worker does not end for want of a reader.
func (j *journal) say(event string, more fields) {
	line := fields{"time": j.now().UTC().Format(time.RFC3339Nano), "event": event}
	for name, value := range more {
		line[name] = value
	}
	text, err := json.Marshal(line)
	if err != nil {
		return
	}
	j.lock.Lock()
	defer j.lock.Unlock()
	_, _ = j.out.Write(append(text, '\n'))
}
