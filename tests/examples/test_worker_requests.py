"""What the worker sends to AWS: signed so that AWS's own library comes to the same signature."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.examples.conftest import StartWorker

pytestmark = pytest.mark.xdist_group("worker")

KEYS = Credentials("AKIDEXAMPLE", "a/secret+key", "a-session-token")


class Sent(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def an_empty_queue(sent: list[Sent]) -> Iterator[str]:
    """The address of a server that answers every request as a queue without messages."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append(Sent(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def signature(address: str, request: Sent) -> str:
    """What botocore makes of the headers that the worker says it signed."""
    (names,) = re.findall("SignedHeaders=([^,]+)", request.headers["authorization"])
    headers = {name: request.headers[name] for name in names.split(";")}
    again = AWSRequest("POST", address + request.path, headers=headers, data=request.body)
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(KEYS, "sqs", "eu-central-1")
    return str(auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again))


def test_a_request_is_signed_with_its_host_and_session(start: StartWorker) -> None:
    sent: list[Sent] = []
    with an_empty_queue(sent) as address:
        environment = {
            "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/work",
            "AWS_ENDPOINT_URL_SQS": address,
            "AWS_ACCESS_KEY_ID": KEYS.access_key,
            "AWS_SECRET_ACCESS_KEY": KEYS.secret_key,
            "AWS_SESSION_TOKEN": str(KEYS.token),
            "IDLE_SECONDS": "0",
        }
        with start(environment) as worker:
            assert worker.end() == 0
    (request,) = sent
    assert {"host", "x-amz-target", "x-amz-security-token"} <= request.headers.keys()
    assert request.headers["authorization"].endswith(f"Signature={signature(address, request)}")
    assert (
        "/eu-central-1/sqs/aws4_request, SignedHeaders=content-type;host;" in request.headers["authorization"]
    )
