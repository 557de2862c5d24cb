package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// taskRoleHost is where ECS gives a task the keys of its role.
	taskRoleHost = "http://169.254.170.2"
	// ECS has new keys ready some minutes before the old ones run out.
	renewBefore = 5 * time.Minute
)

// keys sign requests. The zero time of `expires` means never.
type keys struct {
	id, secret, token string
	expires           time.Time
}

type fetchKeys func(context.Context) (keys, error)

// chooseKeys takes the keys from the environment, or else from the task's role, as the AWS SDKs do.
func chooseKeys(get func(string) string) (fetchKeys, error) {
	if get("AWS_ACCESS_KEY_ID") != "" && get("AWS_SECRET_ACCESS_KEY") != "" {
		fixed := keys{id: get("AWS_ACCESS_KEY_ID"), secret: get("AWS_SECRET_ACCESS_KEY"), token: get("AWS_SESSION_TOKEN")}
		return func(context.Context) (keys, error) { return fixed, nil }, nil
	}
	if path := get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" {
		return fromTaskRole(taskRoleHost + path), nil
	}
	return nil, errors.New("AWS_ACCESS_KEY_ID: not set, and no task role either; give the task definition a taskRoleArn")
}

func fromTaskRole(address string) fetchKeys {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{Proxy: nil}}
	return func(ctx context.Context) (keys, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return keys{}, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return keys{}, fmt.Errorf("the task role's keys: %w", err)
		}
		defer answer.Body.Close()
		return decodeKeys(answer)
	}
}

func decodeKeys(answer *http.Response) (keys, error) {
	var given struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      time.Time
	}
	if answer.StatusCode != http.StatusOK {
		return keys{}, fmt.Errorf("the task role's keys: ECS answered %s", answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&given); err != nil || given.AccessKeyID == "" {
		return keys{}, fmt.Errorf("the task role's keys: ECS's answer has none (%v)", err)
	}
	return keys{given.AccessKeyID, given.SecretAccessKey, given.Token, given.Expiration}, nil
}

// keyring holds keys until shortly before they expire. Safe for use by several goroutines.
type keyring struct {
	fetch fetchKeys
	now   func() time.Time
	lock  sync.Mutex
	held  keys
}

// get gives keys that are valid now. While new ones cannot be had, the old ones serve to their end.
func (ring *keyring) get(ctx context.Context) (keys, error) {
	ring.lock.Lock()
	defer ring.lock.Unlock()
	if ring.validIn(renewBefore) {
		return ring.held, nil
	}
	fetched, err := ring.fetch(ctx)
	if err == nil {
		ring.held = fetched
	} else if !ring.validIn(0) {
		return keys{}, err
	}
	return ring.held, nil
}

// forget makes the next get fetch keys: AWS refused the ones we have.
func (ring *keyring) forget() {
	ring.lock.Lock()
	defer ring.lock.Unlock()
	ring.held = keys{}
}

func (ring *keyring) validIn(span time.Duration) bool {
	held := ring.held
	return held.id != "" && (held.expires.IsZero() || ring.now().Add(span).Before(held.expires))
}
