import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import MediumRefused, SettingsError
from everyday.photos.guard import Target, may_connect, origins, target

CDN = origins(["https://*.cdninstagram.com", "https://media.example.org:8443"])
LOCAL = origins(["http://127.0.0.1:8200"])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "https://scontent-fra3-1.cdninstagram.com/v/1.jpg?oh=a&oe=b",
            Target("https", "scontent-fra3-1.cdninstagram.com", 443, "/v/1.jpg?oh=a&oe=b"),
        ),
        ("https://A.CDNinstagram.COM:443", Target("https", "a.cdninstagram.com", 443, "/")),
        ("https://a.cdninstagram.com?x=1#part", Target("https", "a.cdninstagram.com", 443, "/?x=1")),
        ("https://media.example.org:8443/a", Target("https", "media.example.org", 8443, "/a")),
    ],
)
def test_media_hosts_pass(address: str, expected: Target) -> None:
    assert target(address, CDN) == expected


def test_the_named_loopback_origin_passes_and_no_other_port() -> None:
    assert target("http://127.0.0.1:8200/1.jpg", LOCAL).port == 8200
    for address in (
        "http://127.0.0.1:8201/1.jpg",
        "http://127.0.0.2:8200/",
        "https://127.0.0.1:8200/",
        "http://localhost:8200/",
    ):
        with pytest.raises(MediumRefused):
            target(address, LOCAL)


def test_a_refusal_never_tells_the_signed_address() -> None:
    for address in ("https://evil.example/?oh=SIGNED", "https://a b/?oh=SIGNED"):
        with pytest.raises(MediumRefused) as refused:
            target(address, CDN)
        assert "SIGNED" not in str(refused.value)


@pytest.mark.parametrize(
    "pattern",
    [
        "cdninstagram.com",
        "http://*.cdninstagram.com",
        "http://cdninstagram.com:80",
        "http://127.0.0.1",
        "http://10.0.0.1:80",
        "http://*.127.0.0.1:80",
        "https://*",
        "https://*.com",
        "https://a.*.com",
        "https://127.0.0.1:8200",
        "https://*.0.0.1",
        "https://host/path",
        "https://user@host.org",
        "ftp://host.org",
        "https://localhost",
        "",
    ],
)
def test_a_pattern_that_allows_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(SettingsError):
        origins([pattern])


NOT_PUBLIC = (
    "127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 198.18.0.1 192.0.2.1 "
    "203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.88.99.1 ::1 :: ::ffff:8.8.8.8 "
    "::ffff:127.0.0.1 ::7f00:1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ff0e::1 2001::1 "
    "2001:db8::1 2002:7f00:1:: 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 localhost 8.8.8"
)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_no_https_connection_goes_to_an_address_that_is_not_public(address: str) -> None:
    assert not may_connect(address, scheme="https")


@pytest.mark.parametrize("address", ["8.8.8.8", "157.240.1.1", "2a03:2880:f10c::1", "64:ff9b::808:808"])
def test_public_addresses_may_be_connected_to(address: str) -> None:
    assert may_connect(address, scheme="https")
    assert not may_connect(address, scheme="http")


@given(st.text() | st.from_regex(r"https://[^/]{0,30}cdninstagram\.com[^/]{0,20}/?.{0,20}", fullmatch=True))
def test_whatever_passes_goes_to_an_allowed_host(address: str) -> None:
    try:
        aim = target(address, CDN)
    except MediumRefused:
        return
    assert aim.scheme == "https"
    assert aim.host.endswith(".cdninstagram.com")
    assert aim.port == 443
    assert aim.path.isascii()
    assert aim.path.startswith("/")
