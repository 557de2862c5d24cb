package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type variables map[string]string

func (v variables) get(name string) string { return v[name] }

// with gives these variables and a queue with keys.
func (v variables) with() variables {
	all := variables{
		"QUEUE_URL":         "https://sqs.eu-central-1.amazonaws.com/123456789012/work",
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	for name, value := range v {
		all[name] = value
	}
	return all
}

func TestAQueueURLIsEnough(t *testing.T) {
	got, err := readSettings(variables{}.with().get)
	if err != nil {
		t.Fatal(err)
	}
	if got.region != "eu-central-1" || got.endpoint != "https://sqs.eu-central-1.amazonaws.com" {
		t.Errorf("%s, %s", got.region, got.endpoint)
	}
	if got.idle != nil || got.visibility != time.Minute {
		t.Errorf("%v, %s", got.idle, got.visibility)
	}
}

func TestTheEnvironmentMayNameAnotherEndpointAndRegion(t *testing.T) {
	got, err := readSettings(variables{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/", "AWS_REGION": "us-east-1",
		"IDLE_SECONDS": "0", "VISIBILITY_SECONDS": "300",
	}.with().get)
	if err != nil {
		t.Fatal(err)
	}
	if got.region != "us-east-1" || got.endpoint != "http://127.0.0.1:4566" {
		t.Errorf("%s, %s", got.region, got.endpoint)
	}
	if *got.idle != 0 || got.visibility != 5*time.Minute {
		t.Errorf("%s, %s", got.idle, got.visibility)
	}
}

func TestAWrongSettingIsRefusedByItsName(t *testing.T) {
	for name, wrong := range map[string]variables{
		"QUEUE_URL":          {"QUEUE_URL": "work"},
		"AWS_REGION":         {"QUEUE_URL": "http://127.0.0.1:4566/000000000000/work"},
		"IDLE_SECONDS":       {"IDLE_SECONDS": "-1"},
		"VISIBILITY_SECONDS": {"VISIBILITY_SECONDS": "43201"},
		"AWS_ACCESS_KEY_ID":  {"AWS_ACCESS_KEY_ID": ""},
		"AWS_CA_BUNDLE":      {"AWS_CA_BUNDLE": "no/such/file"},
	} {
		if _, err := readSettings(wrong.with().get); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACABundleWithoutACertificateIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readRoots(file); err == nil {
		t.Error("no error")
	}
}

// The fingerprints are those that Amazon Trust Services publishes.
func TestTheRootsAreAmazonsOwn(t *testing.T) {
	want := map[string]string{
		"8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e": "Amazon Root CA 1",
		"1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4": "Amazon Root CA 2",
		"18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4": "Amazon Root CA 3",
		"e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092": "Amazon Root CA 4",
		"568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5": "Starfield Services Root Certificate Authority - G2",
	}
	for rest := amazonRoots; len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			t.Fatalf("%q is no certificate", rest)
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(block.Bytes)
		fingerprint := hex.EncodeToString(sum[:])
		if want[fingerprint] != root.Subject.CommonName {
			t.Errorf("%s has fingerprint %s", root.Subject.CommonName, fingerprint)
		}
		delete(want, fingerprint)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
}
