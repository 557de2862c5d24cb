package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// The signatures are those that botocore makes for the same requests.
func TestARequestIsSignedAsAWSAsks(t *testing.T) {
	for token, want := range map[string]string{
		"":        "89d36aaca8089c26d91d5ec3f02daf53343f65b744a9fd50bfb1c16288fdd268",
		"a-token": "6a648cb78839d150575ba7e1bf373a4c3b871c1257dfe44d596fe5e10c745769",
	} {
		body := []byte(`{"ReceiptHandle":"r"}`)
		request, err := http.NewRequest("POST", "https://sqs.eu-central-1.amazonaws.com/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", protocolHeader)
		request.Header.Set("X-Amz-Target", "AmazonSQS.DeleteMessage")
		example := keys{id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token: token}
		sign(request, body, example, "eu-central-1", newClock().now())
		got := request.Header.Get("Authorization")
		if !strings.HasSuffix(got, "Signature="+want) {
			t.Errorf("with token %q: %s", token, got)
		}
	}
}
