package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestAMessageSaysTimeAndMemory(t *testing.T) {
	for body, want := range map[string]load{
		`{"milliseconds": 1500, "memory_mib": 64}`: {1500, 64},
		`{"milliseconds": 5}`:                      {5, 0},
		`{}`:                                       {},
	} {
		if got, err := readLoad(body); err != nil || got != want {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}

func TestABadMessageFailsWithTheFieldsName(t *testing.T) {
	for body, field := range map[string]string{
		`{"milliseconds": -1}`:          "milliseconds",
		`{"milliseconds": 43200001}`:    "milliseconds",
		`{"milliseconds": "1"}`:         "milliseconds",
		`{"memory_mib": -1}`:            "memory_mib",
		`{"memory_mib": 65537}`:         "memory_mib",
		`{"seconds": 1}`:                "seconds",
		`fetch https://example.com/cat`: "the message is not",
	} {
		if err := work(context.Background(), body); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestEveryPageOfTheMemoryIsWrittenTo(t *testing.T) {
	held := hold(1)
	if len(held) != 1<<20 || held[0] != 1 || held[17*os.Getpagesize()] != 1 {
		t.Errorf("%d bytes", len(held))
	}
}

func TestAbandonedWorkFails(t *testing.T) {
	abandoned, abandon := context.WithCancel(context.Background())
	abandon()
	if err := work(abandoned, `{"milliseconds": 3600000}`); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
