"""Media addresses come from outside: none may lead anywhere but to a media host, or take more than it may."""

import logging
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from urllib3 import HTTPResponse

from everyday.adapters import media_http
from everyday.adapters.media_http import MediaDownloads
from everyday.adapters.streams import CHUNK, bounded
from everyday.errors import (
    EverydayError,
    MediumError,
    MediumExpired,
    MediumMissing,
    MediumRefused,
    SourceUnavailable,
)
from everyday.photos.sniff import checked
from tests.files import picture
from tests.web import Web, reply, serving

CAP = 300_000
PATTERNS = ["https://*.cdninstagram.com", "https://*.fbcdn.net"]
JPEG = picture("JPEG")

HOSTILE = [
    "http://127.0.0.1:{trap}/",
    "https://127.0.0.1:{trap}/",
    "http://localhost:{trap}/",
    "http://127.1:{trap}/",
    "http://2130706433:{trap}/",
    "http://0x7f000001:{trap}/",
    "http://0177.0.0.1:{trap}/",
    "http://0x7f.0.0.1:{trap}/",
    "http://0:{trap}/",
    "http://0.0.0.0:{trap}/",
    "http://[::1]:{trap}/",
    "http://[::]:{trap}/",
    "http://[::ffff:127.0.0.1]:{trap}/",
    "http://[::ffff:7f00:1]:{trap}/",
    "http://127.0.0.1.:{trap}/",
    "http://127.0.0.2:{trap}/",
    "http://①②⑦.⓪.⓪.①:{trap}/",
    "http://127。0。0。1:{trap}/",
    "http://a.cdninstagram.com:{trap}/",
    "https://a.cdninstagram.com:{trap}/",
    "https://a.cdninstagram.com@127.0.0.1:{trap}/",
    "https://a.cdninstagram.com:443@127.0.0.1:{trap}/",
    "https://127.0.0.1:{trap}@a.cdninstagram.com/",
    "https://user:password@a.cdninstagram.com/",
    "https://127.0.0.1:{trap}#@a.cdninstagram.com/",
    "https://127.0.0.1:{trap}?@a.cdninstagram.com/",
    "https://127.0.0.1:{trap}\\@a.cdninstagram.com/",
    "https://127.0.0.1:{trap}/.cdninstagram.com/",
    "https://a.cdninstagram.com\\@127.0.0.1:{trap}/",
    "https://a.cdninstagram.com%40127.0.0.1:{trap}/",
    "https://a.cdninstagram.com%00.127.0.0.1:{trap}/",
    "https://a.cdninstagram.com\t.127.0.0.1:{trap}/",
    "https://a.cdninstagram.com\r\nHost: 127.0.0.1:{trap}/",
    "https://a.cdninstagram.com.127.0.0.1.nip.io:{trap}/",
    "https://acdninstagram.com/",
    "https://cdninstagram.com/",
    "https://cdninstagram.com.evil.example/",
    "https://a.cdninstagram.com./",
    "https://.cdninstagram.com/",
    "https://a..cdninstagram.com/",
    "https://-a.cdninstagram.com/",
    "https://xn--bcher-kva.cdninstagram.com/",
    "https://bücher.cdninstagram.com/",
    "https://a.cdnınstagram.com/",
    "https://a_b.cdninstagram.com/",
    "https://a.cdninstagram.com:0443000/",
    "https://a.cdninstagram.com:99999/",
    "https://a.cdninstagram.com:/",
    "https://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https:///a.cdninstagram.com/",
    "https:a.cdninstagram.com/",
    "//a.cdninstagram.com/",
    "a.cdninstagram.com",
    " https://a.cdninstagram.com/",
    "https://a.cdninstagram.com/ HTTP/1.1\r\nX: y",
    "https://a.cdninstagram.com/\x00",
    "https://a.cdninstagram.com/é",
    "HTTPS://a.cdninstagram.com/",
    "file:///etc/passwd",
    "ftp://a.cdninstagram.com/",
    "gopher://127.0.0.1:{trap}/_GET",
    "data:image/jpeg;base64,/9j/",
    "jar:https://a.cdninstagram.com!/",
    "",
]


@pytest.fixture
def trap() -> Iterator[Web]:
    with serving(lambda handler: reply(handler, b"caught")) as web:
        yield web


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No name may be looked up; what was is listed."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, *given: Any, **named: Any) -> Any:
        if host == "127.0.0.1":
            return real(host, *given, **named)
        asked.append(host)
        raise socket.gaierror("no name server in tests")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name leads to these addresses."""
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)


def downloads(*patterns: str, **limits: float) -> MediaDownloads:
    return MediaDownloads(patterns or PATTERNS, max_bytes=CAP, **limits)  # type: ignore[arg-type]


def fetch(media: MediaDownloads, address: str) -> bytes:
    with media.open(address) as body:
        return b"".join(checked(body, CAP).chunks)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_address_reaches_nobody(hostile: str, trap: Web, no_names: list[str]) -> None:
    with pytest.raises(MediumRefused):
        fetch(downloads(), hostile.format(trap=trap.port))
    assert (trap.connected, no_names) == ([], [])


def test_there_are_enough_hostile_addresses() -> None:
    assert len(set(HOSTILE)) >= 40


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_redirect_to_a_hostile_address_reaches_nobody(hostile: str, trap: Web, no_names: list[str]) -> None:
    address = hostile.format(trap=trap.port).replace("\r\n", "").replace("\x00", "%00")

    def redirect(handler: BaseHTTPRequestHandler) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n"
        handler.wfile.write(head.encode())

    with serving(redirect) as web, pytest.raises((MediumRefused, SourceUnavailable)):
        fetch(downloads(*PATTERNS, web.url), f"{web.url}/1.jpg")
    assert trap.connected == []
    assert web.asked == ["/1.jpg"]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.1.1", "100.64.0.1", "::1", "64:ff9b::a00:1"],
)
def test_a_name_that_leads_to_a_private_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, "157.240.1.1", address)
    monkeypatch.setattr(media_http, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(MediumRefused, match="not public"):
        fetch(downloads(), "https://a.cdninstagram.com/1.jpg")


def test_the_connection_goes_to_the_vetted_address_and_the_name_is_looked_up_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: list[str] = []
    tried: list[tuple[str, int]] = []

    def look_up(host: str, *_: Any, **__: Any) -> Any:
        looked_up.append(host)
        if len(looked_up) > 1:
            pytest.fail("a second look-up may answer something else")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("157.240.1.1", "157.240.1.2")
        ]

    def connect(where: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        tried.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(media_http, "create_connection", connect)
    with pytest.raises(SourceUnavailable):
        fetch(downloads(), "https://a.cdninstagram.com/1.jpg")
    assert looked_up == ["a.cdninstagram.com"]
    assert tried == [("157.240.1.1", 443), ("157.240.1.2", 443)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for a.cdninstagram.com, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=a \
        -addext subjectAltName=DNS:a.cdninstagram.com -keyout {folder}/key.pem -out {folder}/cert.pem"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(("host", "passes"), [("a.cdninstagram.com", True), ("b.cdninstagram.com", False)])
def test_tls_checks_the_name_though_the_connection_goes_to_an_address(
    host: str, passes: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    trusted = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    monkeypatch.setattr(media_http, "tls", lambda: trusted)
    with serving(lambda handler: reply(handler, JPEG), tls=context) as web:
        here = socket.create_connection(("127.0.0.1", web.port))
        names(monkeypatch, "157.240.1.1")

        def connect(where: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
            assert where == ("157.240.1.1", 443)
            return here

        monkeypatch.setattr(media_http, "create_connection", connect)
        if passes:
            assert fetch(downloads(), f"https://{host}/1.jpg") == JPEG
        else:
            with pytest.raises(SourceUnavailable, match="SSLError"):
                fetch(downloads(), f"https://{host}/1.jpg")
        here.close()
    assert web.asked == (["/1.jpg"] if passes else [])


def test_nothing_is_taken_from_the_environment(trap: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, trap.url)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(lambda handler: reply(handler, JPEG)) as web:
        assert fetch(downloads(web.url), f"{web.url}/1.jpg") == JPEG
    assert trap.connected == []


def redirecting(times: int) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        step = int(handler.path.strip("/"))
        if step < times:
            reply(handler, status=302, Location=f"/{step + 1}")
        else:
            reply(handler, JPEG)

    return answer


def test_three_redirects_are_followed_and_no_fourth() -> None:
    with serving(redirecting(3)) as web:
        assert fetch(downloads(web.url), f"{web.url}/0") == JPEG
    with serving(redirecting(4)) as web:
        with pytest.raises(MediumRefused, match="redirected"):
            fetch(downloads(web.url), f"{web.url}/0")
        assert len(web.asked) == 4


def hang_up(handler: BaseHTTPRequestHandler, last: bytes = b"") -> None:
    handler.wfile.write(last)
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda it: reply(it, b"x", Content_Length="5000000000"), MediumRefused),
        (lambda it: reply(it, bytes(CAP + 1)), MediumRefused),
        (lambda it: reply(it, JPEG[:-2]), MediumRefused),
        (lambda it: reply(it, b"<html>Sorry</html>", Content_Type="image/jpeg"), MediumRefused),
        (lambda it: reply(it, b'{"error": 1}'), MediumRefused),
        (lambda it: reply(it), MediumRefused),
        (lambda it: reply(it, JPEG, Content_Encoding="gzip"), MediumRefused),
        (lambda it: reply(it, JPEG, status=206), MediumRefused),
        (lambda it: reply(it, status=401), MediumRefused),
        (lambda it: reply(it, status=302), MediumRefused),
        (lambda it: reply(it, status=403), MediumExpired),
        (lambda it: reply(it, status=410), MediumExpired),
        (lambda it: reply(it, status=404), MediumMissing),
        (lambda it: reply(it, status=429), SourceUnavailable),
        (lambda it: reply(it, status=500), SourceUnavailable),
        (lambda it: reply(it, status=503), SourceUnavailable),
        (lambda it: reply(it, JPEG, Content_Length="1, 2"), SourceUnavailable),
        (lambda it: hang_up(it), SourceUnavailable),
        (lambda it: hang_up(it, b"nonsense\r\n\r\n"), SourceUnavailable),
    ],
)
def test_each_bad_answer_becomes_its_error(
    answer: Callable[[BaseHTTPRequestHandler], None], kind: type[EverydayError]
) -> None:
    with serving(answer) as web, pytest.raises(kind) as raised:
        fetch(downloads(web.url), f"{web.url}/1.jpg?oh=SIGNED")
    assert type(raised.value) is kind
    assert "SIGNED" not in f"{raised.value!r} {raised.value}"


def test_a_declared_size_over_the_cap_is_refused_on_opening() -> None:
    huge = serving(lambda it: reply(it, b"x", Content_Length="5000000000"))
    with huge as web, pytest.raises(MediumRefused), downloads(web.url).open(f"{web.url}/1.mp4"):
        pytest.fail("was opened")


def test_a_body_that_ends_too_early_is_worth_another_try() -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, JPEG[:500], Content_Length=str(len(JPEG)))
        handler.close_connection = True

    with serving(cut) as web, pytest.raises(SourceUnavailable):
        fetch(downloads(web.url), f"{web.url}/1.jpg")


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(JPEG[:-2])
    while True:
        handler.wfile.write(bytes(10_000))


def test_never_more_than_the_cap_and_one_chunk_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = HTTPResponse.read1

    def counted(self: HTTPResponse, amount: int) -> bytes:
        chunk = real(self, amount)
        sizes.append(len(chunk))
        return chunk

    monkeypatch.setattr(HTTPResponse, "read1", counted)
    with serving(endless) as web, pytest.raises(MediumRefused, match="longer"):
        fetch(downloads(web.url), f"{web.url}/1.jpg")
    assert CAP < sum(sizes) <= CAP + CHUNK


def test_a_body_that_drips_ends_at_the_deadline_though_each_read_is_quick() -> None:
    now = iter(range(0, 10_000, 100))

    class Dripping:
        reads = 0

        def read1(self, amount: int) -> bytes:
            self.reads += 1
            return b"\xff"

    drip = Dripping()
    with pytest.raises(SourceUnavailable, match="more than 600 seconds"):
        for _ in bounded(
            cast("HTTPResponse", drip),
            who="it",
            cap=CAP,
            too_long=AssertionError(),
            seconds=600,
            monotonic=lambda: float(next(now)),
        ):
            pass
    assert drip.reads == 7


def test_a_silent_server_is_left_after_the_read_timeout() -> None:
    done = Event()
    with serving(lambda handler: done.wait(10) and None) as web:
        with pytest.raises(SourceUnavailable, match="Timeout"):
            fetch(downloads(web.url, read_seconds=0.05), f"{web.url}/1.jpg")
        done.set()


def test_connections_are_used_again() -> None:
    with serving(lambda handler: reply(handler, JPEG)) as web:
        media = downloads(web.url)
        for _ in range(5):
            assert fetch(media, f"{web.url}/1.jpg") == JPEG
        assert len(web.connected) == 1


def test_a_body_that_is_not_read_to_its_end_does_not_spoil_the_next() -> None:
    with serving(lambda handler: reply(handler, JPEG)) as web:
        media = downloads(web.url)
        with media.open(f"{web.url}/1.jpg") as body:
            next(body.chunks)
        with media.open(f"{web.url}/1.jpg"):
            pass
        assert fetch(media, f"{web.url}/2.jpg") == JPEG


def test_no_log_holds_a_signed_address(caplog: pytest.LogCaptureFixture) -> None:
    odd = b"HTTP/1.1 200 OK\r\nbroken header\r\nContent-Length: 0\r\n\r\n"
    caplog.set_level(logging.DEBUG)
    for answer in (lambda it: hang_up(it, odd), lambda it: reply(it, JPEG), hang_up):
        with serving(answer) as web, suppress(MediumError, SourceUnavailable):
            fetch(downloads(web.url), f"{web.url}/1.jpg?oh=SIGNED")
    assert "SIGNED" not in caplog.text
