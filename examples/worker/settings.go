package main

import (
	"crypto/x509"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// amazonRoots are the certificate authorities of all AWS services, as Amazon Trust Services publishes them:
// https://www.amazontrust.com/repository/. They are in the binary because an image made from scratch has none.
//
//go:embed roots.pem
var amazonRoots []byte

const (
	defaultVisibility = 60 * time.Second
	longestVisibility = 12 * 60 * 60       // seconds: SQS's limit
	longestIdle       = 365 * 24 * 60 * 60 // seconds
)

// settings are what the environment says.
type settings struct {
	queue      string // the queue's URL, its name in SQS's protocol
	endpoint   string // where SQS answers
	region     string
	visibility time.Duration  // how long a message stays hidden when its worker dies
	idle       *time.Duration // how long without a message before the worker ends; nil: for ever
	fetchKeys  fetchKeys
	roots      *x509.CertPool
}

// readSettings reads the environment through `get`. Its errors name the variable.
func readSettings(get func(string) string) (settings, error) {
	var read settings
	queue, err := url.Parse(get("QUEUE_URL"))
	if err != nil || queue.Host == "" {
		return read, fmt.Errorf("QUEUE_URL: %q is not the URL of an SQS queue", get("QUEUE_URL"))
	}
	read.queue = queue.String()
	read.endpoint = first(get("AWS_ENDPOINT_URL_SQS"), get("AWS_ENDPOINT_URL"), queue.Scheme+"://"+queue.Host)
	read.region = first(get("AWS_REGION"), get("AWS_DEFAULT_REGION"), regionOf(queue.Host))
	if read.region == "" {
		return read, fmt.Errorf("AWS_REGION: not set, and QUEUE_URL does not name a Region")
	}
	if err := readTimes(&read, get); err != nil {
		return read, err
	}
	if read.fetchKeys, err = chooseKeys(get); err != nil {
		return read, err
	}
	read.roots, err = readRoots(get("AWS_CA_BUNDLE"))
	return read, err
}

func readTimes(into *settings, get func(string) string) (err error) {
	into.visibility = defaultVisibility
	if text := get("VISIBILITY_SECONDS"); text != "" {
		if into.visibility, err = seconds("VISIBILITY_SECONDS", text, 3, longestVisibility); err != nil {
			return err
		}
	}
	if text := get("IDLE_SECONDS"); text != "" {
		idle, err := seconds("IDLE_SECONDS", text, 0, longestIdle)
		into.idle = &idle
		return err
	}
	return nil
}

func seconds(name, text string, least, most int) (time.Duration, error) {
	count, err := strconv.Atoi(text)
	if err != nil || count < least || count > most {
		return 0, fmt.Errorf("%s: %q is not a number of seconds from %d to %d", name, text, least, most)
	}
	return time.Duration(count) * time.Second, nil
}

// readRoots gives the certificate authorities to trust: Amazon's, or those of a file in PEM.
func readRoots(file string) (*x509.CertPool, error) {
	text, err := amazonRoots, error(nil)
	if file != "" {
		if text, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("AWS_CA_BUNDLE: %w", err)
		}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %s holds no certificate in PEM", file)
	}
	return roots, nil
}

func regionOf(host string) string {
	parts := strings.Split(host, ".") // sqs.REGION.amazonaws.com, in China with .cn
	if len(parts) < 4 || parts[0] != "sqs" || parts[2] != "amazonaws" {
		return ""
	}
	return parts[1]
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return strings.TrimSuffix(text, "/")
		}
	}
	return ""
}
