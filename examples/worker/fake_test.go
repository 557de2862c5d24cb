package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeSQS is a queue on loopback. Each trouble answers one request in place of the queue.
type fakeSQS struct {
	lock     sync.Mutex
	arrived  *sync.Cond
	visible  []message
	hidden   map[string]message
	requests []request
	troubles map[string][]trouble
	received func(fields) // called with each receive's input, before it is answered
}

type request struct {
	action string
	input  fields
}

// trouble is an answer of AWS's kind; status 0 breaks the connection. `late` breaks it after the effect.
type trouble struct {
	status int
	code   string
	late   bool
}

func startSQS(t *testing.T, bodies ...string) (*fakeSQS, string) {
	t.Helper()
	fake := &fakeSQS{hidden: map[string]message{}, troubles: map[string][]trouble{}, received: func(fields) {}}
	fake.arrived = sync.NewCond(&fake.lock)
	for number, body := range bodies {
		id := string(rune('a' + number))
		fake.visible = append(fake.visible, message{ID: id, Receipt: "receipt-" + id, Body: body})
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return fake, server.URL
}

func (fake *fakeSQS) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	action := strings.TrimPrefix(in.Header.Get("X-Amz-Target"), "AmazonSQS.")
	body, _ := io.ReadAll(in.Body)
	var input fields
	_ = json.Unmarshal(body, &input)
	if action == "ReceiveMessage" {
		fake.received(input)
	}
	fake.lock.Lock()
	defer fake.lock.Unlock()
	fake.requests = append(fake.requests, request{action, input})
	fake.arrived.Broadcast()
	trouble, troubled := fake.next(action)
	if troubled && trouble.status != 0 {
		out.WriteHeader(trouble.status)
		answer, _ := json.Marshal(fields{"__type": "com.amazonaws.sqs#" + trouble.code, "message": "as told"})
		_, _ = out.Write(answer)
		return
	}
	var answer any
	if !troubled || trouble.late {
		answer = fake.answer(action, input)
	}
	if troubled {
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(out).Encode(answer)
}

func (fake *fakeSQS) next(action string) (trouble, bool) {
	planned := fake.troubles[action]
	if len(planned) == 0 {
		return trouble{}, false
	}
	fake.troubles[action] = planned[1:]
	return planned[0], true
}

func (fake *fakeSQS) answer(action string, input fields) any {
	receipt, _ := input["ReceiptHandle"].(string)
	switch {
	case action == "DeleteMessage":
		delete(fake.hidden, receipt)
	case action == "ReceiveMessage" && len(fake.visible) > 0:
		given := fake.visible[0]
		fake.visible = fake.visible[1:]
		fake.hidden[given.Receipt] = given
		return fields{"Messages": []fields{{
			"MessageId": given.ID, "ReceiptHandle": given.Receipt, "Body": given.Body,
		}}}
	}
	return fields{}
}

func (fake *fakeSQS) trouble(action string, planned ...trouble) {
	fake.lock.Lock()
	defer fake.lock.Unlock()
	fake.troubles[action] = append(fake.troubles[action], planned...)
}

// asked gives the inputs of this action's requests so far.
func (fake *fakeSQS) asked(action string) []fields {
	fake.lock.Lock()
	defer fake.lock.Unlock()
	return fake.inputs(action)
}

// await returns when there were so many requests of this action.
func (fake *fakeSQS) await(action string, count int) {
	fake.lock.Lock()
	defer fake.lock.Unlock()
	for len(fake.inputs(action)) < count {
		fake.arrived.Wait()
	}
}

func (fake *fakeSQS) inputs(action string) (found []fields) {
	for _, each := range fake.requests {
		if each.action == action {
			found = append(found, each.input)
		}
	}
	return found
}

func (fake *fakeSQS) left() (visible, hidden int) {
	fake.lock.Lock()
	defer fake.lock.Unlock()
	return len(fake.visible), len(fake.hidden)
}

// clock only moves when somebody sleeps or sets it.
type clock struct {
	lock sync.Mutex
	at   time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.at
}

func (c *clock) pass(_ context.Context, span time.Duration) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.at = c.at.Add(span)
}

// heard is what a journal wrote.
type heard struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(text []byte) (int, error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.text.Write(text)
}

// events gives the events of this name, or all.
func (h *heard) events(t *testing.T, name string) []fields {
	t.Helper()
	h.lock.Lock()
	defer h.lock.Unlock()
	var found []fields
	for _, line := range strings.Split(strings.TrimSpace(h.text.String()), "\n") {
		var event fields
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%q is not JSON", line)
		}
		if name == "" || event["event"] == name {
			found = append(found, event)
		}
	}
	return found
}

func aQueue(address string, clock *clock, heard *heard) *queue {
	from := settings{
		queue: address + "/000000000000/work", endpoint: address, region: "us-east-1",
		fetchKeys: func(context.Context) (keys, error) { return keys{id: "id", secret: "secret"}, nil },
	}
	made := newQueue(from, &journal{out: heard, now: clock.now})
	made.now, made.keys.now, made.sleep = clock.now, clock.now, clock.pass
	return made
}
