package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// aWorker ends when the queue has been empty for `idle` seconds of the clock, which moves with each receive.
func aWorker(fake *fakeSQS, address string, heard *heard, idle int) *worker {
	clock := newClock()
	fake.received = func(input fields) {
		wait, _ := input["WaitTimeSeconds"].(float64)
		clock.pass(nil, time.Duration(wait)*time.Second)
	}
	made := newWorker(settings{}, &journal{out: heard, now: clock.now})
	span := time.Duration(idle) * time.Second
	made.idle, made.visibility, made.now = &span, time.Minute, clock.now
	made.queue = aQueue(address, clock, heard)
	made.every = func(time.Duration) (<-chan time.Time, func()) { return nil, func() {} }
	made.work = func(context.Context, string) error { return nil }
	return made
}

func TestEveryMessageIsWorkedOnOnceAndDeleted(t *testing.T) {
	fake, address := startSQS(t, "one", "two", "three")
	heard := &heard{}
	worker := aWorker(fake, address, heard, 30)
	var worked []string
	worker.work = func(_ context.Context, body string) error {
		worked = append(worked, body)
		return nil
	}
	if err := worker.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	visible, hidden := fake.left()
	if len(worked) != 3 || worked[0] != "one" || worked[2] != "three" || visible != 0 || hidden != 0 {
		t.Errorf("worked on %v; %d visible, %d hidden", worked, visible, hidden)
	}
	if stopped := heard.events(t, "stopped"); len(stopped) != 1 || stopped[0]["done"] != 3.0 {
		t.Errorf("%v", stopped)
	}
}

func TestTheIdleTimeIsWaitedOutInLongPolls(t *testing.T) {
	fake, address := startSQS(t, "one")
	if err := aWorker(fake, address, &heard{}, 45).run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var waits []any
	for _, input := range fake.asked("ReceiveMessage") {
		waits = append(waits, input["WaitTimeSeconds"])
	}
	if len(waits) != 4 || waits[1] != 20.0 || waits[2] != 20.0 || waits[3] != 5.0 {
		t.Errorf("%v", waits)
	}
}

func TestWithoutAnIdleTimeTheLastPollStillAsksAllServers(t *testing.T) {
	fake, address := startSQS(t)
	if err := aWorker(fake, address, &heard{}, 0).run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if asked := fake.asked("ReceiveMessage"); len(asked) != 1 || asked[0]["WaitTimeSeconds"] != 1.0 {
		t.Errorf("%v", asked)
	}
}

func TestAStopLetsTheMessageInHandBeFinishedAndTakesNoOther(t *testing.T) {
	fake, address := startSQS(t, "one", "two")
	heard := &heard{}
	worker := aWorker(fake, address, heard, 30)
	worker.idle = nil
	stop, tell := context.WithCancel(context.Background())
	worker.work = func(working context.Context, _ string) error {
		tell()
		return working.Err()
	}
	if err := worker.run(stop); err != nil {
		t.Fatal(err)
	}
	if visible, hidden := fake.left(); visible != 1 || hidden != 0 {
		t.Errorf("%d visible, %d hidden", visible, hidden)
	}
	if stopped := heard.events(t, "stopped"); stopped[0]["reason"] != "told to stop" || stopped[0]["done"] != 1.0 {
		t.Errorf("%v", stopped)
	}
}

func TestAStopWhileItWaitsForAMessageIsNoFailure(t *testing.T) {
	fake, address := startSQS(t)
	worker := aWorker(fake, address, &heard{}, 0)
	worker.idle = nil
	stop, tell := context.WithCancel(context.Background())
	released := make(chan struct{})
	defer close(released)
	fake.received = func(fields) { tell(); <-released }
	if err := worker.run(stop); err != nil {
		t.Error(err)
	}
}

func TestAFailedMessageIsLeftToTheQueueAndTheNextIsTaken(t *testing.T) {
	fake, address := startSQS(t, "bad", "good")
	heard := &heard{}
	worker := aWorker(fake, address, heard, 1)
	worker.work = func(_ context.Context, body string) error {
		if body == "bad" {
			return errors.New("cannot be done")
		}
		return nil
	}
	if err := worker.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if visible, hidden := fake.left(); visible != 0 || hidden != 1 {
		t.Errorf("%d visible, %d hidden", visible, hidden)
	}
	if failed := heard.events(t, "failed"); len(failed) != 1 || failed[0]["reason"] != "cannot be done" {
		t.Errorf("%v", failed)
	}
	if worker.done.Load() != 1 || worker.failed.Load() != 1 {
		t.Errorf("%v", worker.health())
	}
}

func TestALostAnswerToADeleteDeletesOnce(t *testing.T) {
	fake, address := startSQS(t, "one")
	fake.trouble("DeleteMessage", trouble{late: true})
	worker := aWorker(fake, address, &heard{}, 1)
	if err := worker.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if visible, hidden := fake.left(); visible+hidden != 0 || worker.done.Load() != 1 {
		t.Errorf("%d visible, %d hidden, %d done", visible, hidden, worker.done.Load())
	}
}

func TestAQueueThatIsNotThereEndsTheWorker(t *testing.T) {
	fake, address := startSQS(t)
	fake.trouble("ReceiveMessage", trouble{status: 400, code: "QueueDoesNotExist"})
	if err := aWorker(fake, address, &heard{}, 1).run(context.Background()); err == nil {
		t.Error("no error")
	}
}

// beating makes a worker whose beats are the test's, and whose work goes on until `until` says so.
func beating(t *testing.T, until func(context.Context, *fakeSQS) error) (*fakeSQS, *worker, *heard) {
	t.Helper()
	fake, address := startSQS(t, "one")
	heard := &heard{}
	made := aWorker(fake, address, heard, 1)
	ticks := make(chan time.Time, 10)
	var spans atomic.Int64
	made.every = func(span time.Duration) (<-chan time.Time, func()) {
		spans.Store(int64(span))
		return ticks, func() {}
	}
	made.work = func(working context.Context, _ string) error {
		if time.Duration(spans.Load()) != 20*time.Second {
			t.Errorf("a beat every %s", time.Duration(spans.Load()))
		}
		ticks <- time.Time{}
		ticks <- time.Time{}
		return until(working, fake)
	}
	return fake, made, heard
}

func TestAMessageInHandIsHiddenAgainAndAgain(t *testing.T) {
	fake, worker, _ := beating(t, func(working context.Context, fake *fakeSQS) error {
		fake.await("ChangeMessageVisibility", 2)
		return working.Err()
	})
	if err := worker.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, input := range fake.asked("ChangeMessageVisibility") {
		if input["ReceiptHandle"] != "receipt-a" || input["VisibilityTimeout"] != 60.0 {
			t.Errorf("%v", input)
		}
	}
	if worker.done.Load() != 1 {
		t.Error("not done")
	}
}

func TestWorkOnAMessageThatIsNoLongerOursIsAbandoned(t *testing.T) {
	fake, worker, heard := beating(t, func(working context.Context, _ *fakeSQS) error {
		<-working.Done()
		return working.Err()
	})
	fake.trouble("ChangeMessageVisibility", trouble{status: 400, code: "MessageNotInflight"})
	if err := worker.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(fake.asked("DeleteMessage")) != 0 || len(heard.events(t, "failed")) != 1 {
		t.Errorf("%v", heard.events(t, ""))
	}
}

func TestABeatThatIsLostDoesNotAbandonTheWork(t *testing.T) {
	fake, worker, heard := beating(t, func(working context.Context, fake *fakeSQS) error {
		fake.await("ChangeMessageVisibility", attempts+1)
		return working.Err()
	})
	for count := 0; count < attempts; count++ {
		fake.trouble("ChangeMessageVisibility", trouble{status: 503})
	}
	if err := worker.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if worker.done.Load() != 1 || len(heard.events(t, "not hidden")) != 1 {
		t.Errorf("%v", heard.events(t, ""))
	}
}

func TestHealthIsSaidUntilTheStop(t *testing.T) {
	fake, address := startSQS(t)
	heard := &heard{}
	worker := aWorker(fake, address, heard, 0)
	ticks := make(chan time.Time)
	worker.every = func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} }
	stop, tell := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { worker.reportHealth(stop, time.Minute); close(ended) }()
	ticks <- time.Time{}
	ticks <- time.Time{}
	tell()
	<-ended
	said := heard.events(t, "health")
	if len(said) != 2 || said[0]["working"] != false || said[0]["done"] != 0.0 || said[0]["memory_mib"].(float64) <= 0 {
		t.Errorf("%v", said)
	}
}
