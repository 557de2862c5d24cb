package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestKeysOfTheEnvironmentComeFirst(t *testing.T) {
	fetch, err := chooseKeys(variables{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1",
	}.get)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fetch(context.Background()); err != nil || got != (keys{id: "id", secret: "secret", token: "token"}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestATaskRoleGivesKeysWithTheirEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		_, _ = out.Write([]byte(`{"RoleArn":"arn:aws:iam::000000000000:role/worker","AccessKeyId":"id",
			"SecretAccessKey":"secret","Token":"token","Expiration":"2026-03-04T06:00:00Z"}`))
	}))
	defer server.Close()
	got, err := fromTaskRole(server.URL)(context.Background())
	want := keys{"id", "secret", "token", time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC)}
	if err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
}

func TestABadAnswerOfTheTaskRoleIsAnError(t *testing.T) {
	for _, answer := range []struct {
		status int
		body   string
	}{{500, `{"AccessKeyId": "id"}`}, {200, "not JSON"}, {200, "{}"}} {
		server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
			out.WriteHeader(answer.status)
			_, _ = out.Write([]byte(answer.body))
		}))
		if _, err := fromTaskRole(server.URL)(context.Background()); err == nil {
			t.Errorf("%d %q is taken", answer.status, answer.body)
		}
		server.Close()
	}
}

// ringWith fetches keys that live for an hour, unless `fail` says otherwise.
func ringWith(clock *clock, fail *bool) (*keyring, *int) {
	fetched := new(int)
	return &keyring{now: clock.now, fetch: func(context.Context) (keys, error) {
		if *fail {
			return keys{}, errors.New("no answer")
		}
		*fetched++
		return keys{id: "id", secret: "secret", expires: clock.now().Add(time.Hour)}, nil
	}}, fetched
}

func TestKeysAreFetchedAgainBeforeTheyExpire(t *testing.T) {
	clock, fail := newClock(), false
	ring, fetched := ringWith(clock, &fail)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {54 * time.Minute, 1}, {time.Minute, 2}, {54 * time.Minute, 2}} {
		clock.pass(context.Background(), step.after)
		if _, err := ring.get(context.Background()); err != nil || *fetched != step.want {
			t.Errorf("after %s more: fetched %d times, %v", step.after, *fetched, err)
		}
	}
}

func TestOldKeysServeToTheirEndWhenNoNewOnesCanBeHad(t *testing.T) {
	clock, fail := newClock(), false
	ring, _ := ringWith(clock, &fail)
	if _, err := ring.get(context.Background()); err != nil {
		t.Fatal(err)
	}
	fail = true
	clock.pass(context.Background(), 59*time.Minute)
	if _, err := ring.get(context.Background()); err != nil {
		t.Error(err)
	}
	clock.pass(context.Background(), time.Minute)
	if _, err := ring.get(context.Background()); err == nil {
		t.Error("expired keys were given")
	}
}

func TestRefusedKeysAreFetchedAgain(t *testing.T) {
	fake, address := startSQS(t)
	fake.trouble("DeleteMessage", trouble{status: 403, code: "ExpiredToken"})
	clock, fail := newClock(), false
	queue := aQueue(address, clock, &heard{})
	ring, fetched := ringWith(clock, &fail)
	queue.keys = ring
	if err := queue.delete(context.Background(), "receipt"); err != nil || *fetched != 2 {
		t.Errorf("fetched %d times, %v", *fetched, err)
	}
}
