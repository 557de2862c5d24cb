package main

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// worker takes one message after the other.
type worker struct {
	queue        *queue
	journal      *journal
	visibility   time.Duration
	idle         *time.Duration
	work         func(context.Context, string) error
	every        func(time.Duration) (<-chan time.Time, func())
	now          func() time.Time
	done, failed atomic.Int64
	working      atomic.Bool
}

func newWorker(from settings, journal *journal) *worker {
	return &worker{
		queue: newQueue(from, journal), journal: journal,
		visibility: from.visibility, idle: from.idle, work: work, every: every, now: time.Now,
	}
}

// run works until `stop` ends or the queue has been empty for long enough; the message in hand is finished
// first. It fails when the queue cannot be used.
func (w *worker) run(stop context.Context) error {
	w.journal.say("started", fields{"queue": w.queue.url})
	last := w.now()
	for stop.Err() == nil {
		message, err := w.queue.receive(stop, w.wait(last), w.visibility)
		if err != nil && stop.Err() == nil {
			return err
		}
		if message != nil {
			w.handle(message)
			last = w.now()
		} else if w.idle != nil && w.now().Sub(last) >= *w.idle {
			w.journal.say("stopped", fields{"reason": "the queue is empty", "done": w.done.Load()})
			return nil
		}
	}
	w.journal.say("stopped", fields{"reason": "told to stop", "done": w.done.Load()})
	return nil
}

// wait is how long the next receive may wait: to the end of the idle time, but never 0, because only a receive
// that waits asks all of SQS's servers, and one that does not may find nothing though there is something.
func (w *worker) wait(last time.Time) time.Duration {
	if w.idle == nil {
		return longestWait
	}
	left := (*w.idle - w.now().Sub(last)).Seconds()
	return time.Duration(math.Ceil(math.Max(1, math.Min(left, longestWait.Seconds())))) * time.Second
}

// handle works on the message and deletes it. When that fails the message is left to the queue, which shows it
// again after its visibility timeout, or gives it up to the dead-letter queue.
func (w *worker) handle(message *message) {
	w.working.Store(true)
	defer w.working.Store(false)
	w.journal.say("received", fields{"message": message.ID})
	// Not the context that ends with a stop: what is in hand is finished.
	working, abandon := context.WithCancel(context.Background())
	end := w.keepHidden(message, abandon)
	begun := w.now()
	err := w.work(working, message.Body)
	if err == nil {
		err = w.queue.delete(working, message.Receipt)
	}
	end()
	abandon()
	if err != nil {
		w.failed.Add(1)
		w.journal.say("failed", fields{"message": message.ID, "reason": err.Error()})
		return
	}
	w.done.Add(1)
	w.journal.say("done", fields{"message": message.ID, "seconds": w.now().Sub(begun).Seconds()})
}

// keepHidden hides the message from other workers until the function that it returns is called. When the queue
// says that the message is no longer ours, it calls `abandon`.
func (w *worker) keepHidden(message *message, abandon func()) (end func()) {
	ticks, release := w.every(w.visibility / 3)
	hiding, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-hiding.Done():
				return
			case <-ticks:
				w.beat(hiding, message, abandon)
			}
		}
	}()
	return func() {
		release()
		cancel()
		<-ended
	}
}

func (w *worker) beat(hiding context.Context, message *message, abandon func()) {
	err := w.queue.extend(hiding, message.Receipt, w.visibility)
	if err == nil || hiding.Err() != nil {
		return
	}
	w.journal.say("not hidden", fields{"message": message.ID, "reason": err.Error()})
	if refused := (*refusal)(nil); errors.As(err, &refused) && !refused.passing() {
		abandon()
	}
}

// reportHealth says regularly how the worker is, until `stop` ends.
func (w *worker) reportHealth(stop context.Context, span time.Duration) {
	ticks, release := w.every(span)
	defer release()
	for {
		select {
		case <-stop.Done():
			return
		case <-ticks:
			w.journal.say("health", w.health())
		}
	}
}

func (w *worker) health() fields {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return fields{
		"working": w.working.Load(), "done": w.done.Load(), "failed": w.failed.Load(),
		"memory_mib": (memory.Sys - memory.HeapReleased) >> 20,
	}
}

func every(span time.Duration) (<-chan time.Time, func()) {
	ticker := time.NewTicker(span)
	return ticker.C, ticker.Stop
}
