package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"time"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	service   = "sqs"
)

// sign adds AWS's Signature Version 4 to a request for `/` without a query, over the host and all its headers.
// The rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func sign(request *http.Request, body []byte, keys keys, region string, now time.Time) {
	stamp := now.UTC().Format("20060102T150405Z")
	request.Header.Set("X-Amz-Date", stamp)
	if keys.token != "" {
		request.Header.Set("X-Amz-Security-Token", keys.token)
	}
	names, lines := canonicalHeaders(request)
	canonical := strings.Join([]string{request.Method, "/", "", lines, names, hashed(body)}, "\n")
	scope := strings.Join([]string{stamp[:8], region, service, "aws4_request"}, "/")
	text := strings.Join([]string{algorithm, stamp, scope, hashed([]byte(canonical))}, "\n")
	key := []byte("AWS4" + keys.secret)
	for _, part := range strings.Split(scope, "/") {
		key = mac(key, part)
	}
	request.Header.Set("Authorization", fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		algorithm, keys.id, scope, names, hex.EncodeToString(mac(key, text))))
}

// canonicalHeaders gives the names of what is signed, and a line for each.
func canonicalHeaders(request *http.Request) (names, lines string) {
	values := map[string]string{"host": request.URL.Host}
	for name, given := range request.Header {
		values[strings.ToLower(name)] = strings.TrimSpace(strings.Join(given, ","))
	}
	sorted := make([]string, 0, len(values))
	for name := range values {
		sorted = append(sorted, name)
	}
	sort.Strings(sorted)
	for _, name := range sorted {
		lines += name + ":" + values[name] + "\n"
	}
	return strings.Join(sorted, ";"), lines
}

func hashed(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	made := hmac.New(sha256.New, key)
	made.Write([]byte(text))
	return made.Sum(nil)
}
