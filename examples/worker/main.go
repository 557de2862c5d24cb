// Worker takes messages from an SQS queue, one at a time, and works on each until it is told to stop.
//
// It ends with 0 when it was told to stop (SIGTERM, as ECS does it, or SIGINT) or found nothing more to do,
// with 1 when the queue cannot be used, and with 2 when its settings are wrong.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const healthEvery = 30 * time.Second

func main() {
	journal := &journal{out: os.Stdout, now: time.Now}
	settings, err := readSettings(os.Getenv)
	if err != nil {
		journal.say("refused", fields{"reason": err.Error()})
		os.Exit(2)
	}
	stop := untilTold(journal)
	worker := newWorker(settings, journal)
	go worker.reportHealth(stop, healthEvery)
	if err := worker.run(stop); err != nil {
		journal.say("ended", fields{"reason": err.Error(), "done": worker.done.Load()})
		os.Exit(1)
	}
}

// untilTold gives what ends with the first signal to stop. The first process of a container is not ended by
// SIGTERM unless it asks for it.
func untilTold(journal *journal) context.Context {
	stop, end := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		journal.say("stopping", fields{"signal": (<-signals).String()})
		end()
	}()
	return stop
}
