package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	attempts       = 8
	firstDelay     = 200 * time.Millisecond
	longestDelay   = 10 * time.Second
	answerTimeout  = 10 * time.Second
	largestAnswer  = 8 << 20 // a message of 1 MiB, each of its characters escaped
	longestWait    = 20 * time.Second
	targetPrefix   = "AmazonSQS."
	protocolHeader = "application/x-amz-json-1.0"
)

// message is one message in hand. Whoever has its receipt may extend or delete it.
type message struct {
	ID      string `json:"MessageId"`
	Receipt string `json:"ReceiptHandle"`
	Body    string
}

// refusal is an error that SQS answered.
type refusal struct {
	status        int
	code, message string
}

func (it *refusal) Error() string {
	return fmt.Sprintf("SQS answered %d %s: %s", it.status, it.code, it.message)
}

// expired says whether the keys, not the request, were refused.
func (it *refusal) expired() bool {
	return strings.Contains(it.code, "ExpiredToken") || it.code == "InvalidClientTokenId" || it.code == "UnrecognizedClientException"
}

// passing says whether the same request may succeed later.
func (it *refusal) passing() bool {
	return it.status >= 500 || it.status == http.StatusTooManyRequests || it.expired() ||
		strings.Contains(it.code, "Throttl") || it.code == "OverLimit"
}

// queue speaks SQS's JSON protocol. Calls are repeated, with growing random waits, while that may help.
type queue struct {
	url, endpoint, region string
	keys                  *keyring
	client                *http.Client
	journal               *journal
	now                   func() time.Time
	sleep                 func(context.Context, time.Duration)
}

func newQueue(from settings, journal *journal) *queue {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		TLSClientConfig:     &tls.Config{RootCAs: from.roots, MinVersion: tls.VersionTLS12},
		IdleConnTimeout:     time.Minute,
	}
	return &queue{
		url: from.queue, endpoint: from.endpoint, region: from.region,
		keys:   &keyring{fetch: from.fetchKeys, now: time.Now},
		client: &http.Client{Transport: transport}, journal: journal, now: time.Now, sleep: sleep,
	}
}

// receive waits up to `wait` for a message and hides it for `visibility`; nil when there is none.
func (q *queue) receive(ctx context.Context, wait, visibility time.Duration) (*message, error) {
	var answer struct{ Messages []message }
	err := q.call(ctx, "ReceiveMessage", fields{
		"MaxNumberOfMessages": 1,
		"WaitTimeSeconds":     int(wait.Seconds()),
		"VisibilityTimeout":   int(visibility.Seconds()),
	}, &answer, wait)
	if err != nil || len(answer.Messages) == 0 {
		return nil, err
	}
	return &answer.Messages[0], nil
}

// extend hides the message for `visibility` from now.
func (q *queue) extend(ctx context.Context, receipt string, visibility time.Duration) error {
	input := fields{"ReceiptHandle": receipt, "VisibilityTimeout": int(visibility.Seconds())}
	return q.call(ctx, "ChangeMessageVisibility", input, nil, 0)
}

func (q *queue) delete(ctx context.Context, receipt string) error {
	return q.call(ctx, "DeleteMessage", fields{"ReceiptHandle": receipt}, nil, 0)
}

func (q *queue) call(ctx context.Context, action string, input fields, output any, wait time.Duration) error {
	input["QueueUrl"] = q.url
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err = q.try(ctx, action, body, output, wait)
		var refused *refusal
		if errors.As(err, &refused) && refused.expired() {
			q.keys.forget()
		}
		if err == nil || ctx.Err() != nil || attempt == attempts || (refused != nil && !refused.passing()) {
			return err
		}
		delay := backoff(attempt, rand.Float64())
		q.journal.say("retrying", fields{"action": action, "reason": err.Error(), "seconds": delay.Seconds()})
		q.sleep(ctx, delay)
	}
}

func (q *queue) try(ctx context.Context, action string, body []byte, output any, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait+answerTimeout)
	defer cancel()
	keys, err := q.keys.get(ctx)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, q.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", protocolHeader)
	request.Header.Set("X-Amz-Target", targetPrefix+action)
	sign(request, body, keys, q.region, q.now())
	answer, err := q.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return decode(answer, output)
}

func decode(answer *http.Response, output any) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, largestAnswer))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return refusalOf(answer.StatusCode, text)
	}
	if output == nil {
		return nil
	}
	return json.Unmarshal(text, output)
}

// refusalOf reads an error's answer: JSON from SQS, anything from what may stand between.
func refusalOf(status int, text []byte) *refusal {
	var told struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &told) != nil {
		told.Message = fmt.Sprintf("%.200q", text)
	}
	return &refusal{status, told.Type[strings.LastIndex(told.Type, "#")+1:], told.Message}
}

// backoff is the wait after a failed attempt: `chance`, from 0 to 1, of a span that doubles up to a limit.
func backoff(attempt int, chance float64) time.Duration {
	span := firstDelay << (attempt - 1)
	if span > longestDelay {
		span = longestDelay
	}
	return time.Duration(chance * float64(span))
}

func sleep(ctx context.Context, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
