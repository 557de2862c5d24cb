"""The wire of the S3 stub: HTTP/1.1 on loopback, one event loop in a thread or a process of its own."""

import asyncio
import hashlib
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote
from urllib.request import urlopen

from tests.s3_stub.objects import Objects
from tests.s3_stub.requests import Refusal, Request, Response, kind_of, unchunked
from tests.s3_stub.signature import complaint

Fault = Literal["slow", "error", "reset", "lost", "silent", "digest"]
"""`slow`: 503 SlowDown. `error`: 500 InternalError. `reset`: the connection breaks, nothing was done; `lost`:
it was done, and the reply is lost. `silent`: no answer at all. `digest`: the body was damaged under way."""

_STATUS = "/-/counts"
SILENCE = Response(0)
_REFUSED = {"slow": (503, "SlowDown"), "error": (500, "InternalError"), "digest": (400, "BadDigest")}


def _now() -> datetime:
    return datetime.now(UTC)


class Stub:
    """`fault` may give a fault for an operation and a key. `counts` counts requests by operation, `most` is
    the highest number that were under way at once, `delay` what each takes, in seconds. `signatures`
    False: they are not checked, which takes the stub longer than anything else."""

    def __init__(
        self, *, delay: float = 0.0, clock: Callable[[], datetime] = _now, signatures: bool = True
    ) -> None:
        self.signatures = signatures
        self.objects = Objects(clock)
        self.delay = delay
        self.fault: Callable[[str, str], Fault | None] = lambda kind, key: None
        self.counts: Counter[str] = Counter()
        self.under_way = self.most = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bodies(self) -> dict[str, bytes]:
        """What a reader sees now."""
        found = {key: self.objects.current(key) for key in self.objects.versions}
        return {key: it.body for key, it in found.items() if it and it.body is not None}

    def answer(self, request: Request, path: str, query: str) -> Response | None:
        """None: the connection breaks."""
        kind = kind_of(request)
        self.counts[kind] += 1
        fault = self.fault(kind, request.key)
        if fault == "silent":
            return SILENCE
        try:
            self._check(request, path, query)
            if fault == "reset":
                return None
            if fault:
                _play(fault)
            found = self.objects.answer(_decoded(request))
        except Refusal as refusal:
            return _refused(refusal, request)
        return None if fault == "lost" else found

    def _check(self, request: Request, path: str, query: str) -> None:
        if self.signatures and (code := complaint(request.method, path, query, request.headers)):
            raise Refusal(403, code)


def _play(fault: Fault) -> None:
    if fault in _REFUSED:
        raise Refusal(*_REFUSED[fault])


def _decoded(request: Request) -> Request:
    """Without the chunks of a streaming upload. Raises Refusal: it is not the body that was signed."""
    signed = request.headers.get("x-amz-content-sha256", "")
    if signed.startswith("STREAMING-"):
        body, trailers = unchunked(request.body)
        if len(body) != int(request.headers.get("x-amz-decoded-content-length", "-1")):
            raise Refusal(400, "IncompleteBody")
        return request._replace(body=body, headers={**request.headers, **trailers})
    if not signed:
        raise Refusal(400, "InvalidRequest")
    if signed != "UNSIGNED-PAYLOAD" and signed != hashlib.sha256(request.body).hexdigest():
        raise Refusal(400, "XAmzContentSHA256Mismatch")
    return request


def _refused(refusal: Refusal, request: Request) -> Response:
    text = f"<Error><Code>{refusal.code}</Code><Message>the stub says no</Message></Error>"
    body = b"" if request.method == "HEAD" else text.encode()
    return Response(refusal.status, {"Content-Type": "application/xml"}, body)


class _Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._buffer = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        """Answer the next request if all of it is here."""
        if self._head is None and not self._take_head():
            return False
        assert self._head is not None
        method, target, headers = self._head
        length = int(headers.get("content-length", "0"))
        if len(self._buffer) < length:
            return False
        body = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        self._head = None
        self._handle(method, target, headers, body)
        return True

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._head = method, target, headers
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        path, _, query = target.partition("?")
        if path == _STATUS:
            self._write(Response(200, {}, json.dumps(self._stub.counts).encode()), method)
            return
        self._stub.under_way += 1
        self._stub.most = max(self._stub.most, self._stub.under_way)
        asyncio.get_running_loop().call_later(
            self._stub.delay, self._reply, method, path, query, headers, body
        )

    def _reply(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
        bucket, _, key = unquote(path).removeprefix("/").partition("/")
        told = dict(parse_qsl(query, keep_blank_values=True))
        request = Request(method, bucket, key, told, headers, body)
        self._stub.under_way -= 1
        answer = self._stub.answer(request, path, query)
        if answer is None:
            self._transport.abort()
        elif answer is not SILENCE:
            self._write(answer, method)

    def _write(self, answer: Response, method: str) -> None:
        lines = [
            f"HTTP/1.1 {answer.status} -",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        if answer.status != 204:
            lines.append(f"Content-Length: {len(answer.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self._transport.write(head if method == "HEAD" else head + answer.body)


async def _serve(stub: Stub, ready: Callable[[], None], ended: asyncio.Event) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Wire(stub), "127.0.0.1", 0, backlog=512)
    async with server:
        stub.port = server.sockets[0].getsockname()[1]
        ready()
        await ended.wait()


@contextmanager
def serving(*, delay: float = 0.0, clock: Callable[[], datetime] = _now) -> Iterator[Stub]:
    """A stub that serves until the block ends."""
    stub = Stub(delay=delay, clock=clock)
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(_serve(stub, ready.set, ended)))
    thread.start()
    try:
        assert ready.wait(10)
        yield stub
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


@contextmanager
def serving_apart(*, delay: float = 0.02) -> Iterator[str]:
    """The address of a stub in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "tests.s3_stub", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def counts(address: str) -> Counter[str]:
    """How many requests the stub at this address had, by operation."""
    with urlopen(address + _STATUS, timeout=10) as answer:
        return Counter(json.load(answer))


def main() -> None:
    """Serve, and tell the port, until somebody ends this process."""
    stub = Stub(delay=float(sys.argv[1]), signatures=False)

    def ready() -> None:
        sys.stdout.write(f"{stub.port}\n")
        sys.stdout.flush()

    asyncio.run(_serve(stub, ready, asyncio.Event()))
