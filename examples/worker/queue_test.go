package main

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestTroubleThatPassesIsWaitedOut(t *testing.T) {
	for name, trouble := range map[string]trouble{
		"a server's error":       {status: 503, code: "ServiceUnavailable"},
		"too many requests":      {status: 429, code: ""},
		"throttling":             {status: 400, code: "RequestThrottled"},
		"too many in flight":     {status: 403, code: "OverLimit"},
		"a broken connection":    {},
		"keys that have expired": {status: 403, code: "ExpiredTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			fake, address := startSQS(t, "body")
			fake.trouble("ReceiveMessage", trouble, trouble)
			clock, heard := newClock(), &heard{}
			got, err := aQueue(address, clock, heard).receive(context.Background(), 0, time.Minute)
			if err != nil || got.Body != "body" {
				t.Fatalf("%v, %v", got, err)
			}
			if retries := len(heard.events(t, "retrying")); retries != 2 {
				t.Errorf("%d retries", retries)
			}
		})
	}
}

func TestTroubleThatStaysEndsAfterEightAttempts(t *testing.T) {
	fake, address := startSQS(t)
	for count := 0; count < attempts; count++ {
		fake.trouble("DeleteMessage", trouble{status: 500, code: "InternalFailure"})
	}
	clock := newClock()
	begun := clock.now()
	err := aQueue(address, clock, &heard{}).delete(context.Background(), "receipt")
	var refused *refusal
	if !errors.As(err, &refused) || refused.code != "InternalFailure" {
		t.Fatal(err)
	}
	if asked := len(fake.asked("DeleteMessage")); asked != attempts {
		t.Errorf("%d attempts", asked)
	}
	if slept := clock.now().Sub(begun); slept > 30*time.Second {
		t.Errorf("slept %s", slept)
	}
}

func TestWhatNoRetryCuresIsNotRetried(t *testing.T) {
	for _, code := range []string{"QueueDoesNotExist", "AccessDeniedException", "SignatureDoesNotMatch"} {
		fake, address := startSQS(t)
		fake.trouble("ReceiveMessage", trouble{status: 400, code: code})
		_, err := aQueue(address, newClock(), &heard{}).receive(context.Background(), 0, time.Minute)
		var refused *refusal
		if !errors.As(err, &refused) || refused.code != code || refused.message != "as told" {
			t.Errorf("%s: %v", code, err)
		}
		if asked := len(fake.asked("ReceiveMessage")); asked != 1 {
			t.Errorf("%s: %d attempts", code, asked)
		}
	}
}

func TestAStopEndsTheWaitForAMessage(t *testing.T) {
	fake, address := startSQS(t)
	stop, tell := context.WithCancel(context.Background())
	released := make(chan struct{})
	defer close(released)
	fake.received = func(fields) { tell(); <-released }
	_, err := aQueue(address, newClock(), &heard{}).receive(stop, longestWait, time.Minute)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestAStopEndsTheRetries(t *testing.T) {
	fake, address := startSQS(t)
	fake.trouble("ReceiveMessage", trouble{status: 500}, trouble{status: 500})
	stop, tell := context.WithCancel(context.Background())
	queue := aQueue(address, newClock(), &heard{})
	slept := 0
	queue.sleep = func(context.Context, time.Duration) { slept++; tell() }
	if _, err := queue.receive(stop, 0, time.Minute); err == nil {
		t.Fatal("no error")
	}
	if asked := len(fake.asked("ReceiveMessage")); asked != 1 || slept != 1 {
		t.Errorf("%d attempts, slept %d times", asked, slept)
	}
}

func TestABackoffGrowsToItsLimitAndIsRandom(t *testing.T) {
	if first, second := backoff(1, 1), backoff(2, 1); first != firstDelay || second != 2*firstDelay {
		t.Errorf("%s, %s", first, second)
	}
	if backoff(7, 1) != longestDelay || backoff(7, 0) != 0 || backoff(7, 0.5) != longestDelay/2 {
		t.Errorf("%s, %s, %s", backoff(7, 1), backoff(7, 0), backoff(7, 0.5))
	}
}

func TestAnErrorPageOfSomethingInBetweenIsQuotedInShort(t *testing.T) {
	page := make([]byte, 10_000)
	for at := range page {
		page[at] = 'x'
	}
	refused := refusalOf(502, page)
	if !refused.passing() || refused.code != "" || len(refused.message) > 210 {
		t.Errorf("%v", refused)
	}
}
