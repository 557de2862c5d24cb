"""Which addresses media may be downloaded from. Pure; the adapter connects to nothing that did not pass here.

One strict parser decides host, port and target, and the connection is made from its result, so no second
parser can read the same address differently.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple

from everyday.errors import MediumRefused, SettingsError

_ADDRESS = re.compile(r"(https?)://([A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?([/?][!-~]{0,8000})?")
_LABEL = re.compile(r"(?!xn--)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PATTERN = re.compile(r"(https?)://(\*\.)?([a-z0-9.-]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_RELAY = ipaddress.IPv4Network("192.88.99.0/24")


class Origin(NamedTuple):
    """One allowed origin. `wildcard`: any host below `host`. `http` is for loopback addresses only."""

    scheme: str
    host: str
    port: int
    wildcard: bool = False

    def allows(self, target: "Target") -> bool:
        if (self.scheme, self.port) != (target.scheme, target.port):
            return False
        return target.host.endswith(f".{self.host}") if self.wildcard else target.host == self.host


class Target(NamedTuple):
    """Where a request goes: `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str


def origins(patterns: Iterable[str]) -> tuple[Origin, ...]:
    """Read patterns such as `https://*.cdninstagram.com` or `http://127.0.0.1:8200`.

    Raises SettingsError: only https, or http on a loopback address with its port.
    """
    return tuple(_origin(pattern) for pattern in patterns)


def target(address: str, allowed: Iterable[Origin]) -> Target:
    """Where the address leads, if it may be asked. Raises MediumRefused, which never holds the address."""
    found = _ADDRESS.fullmatch(address.partition("#")[0])
    if not found:
        raise MediumRefused("the address is not a plain http(s) address")
    scheme, host, port, path = found.groups()
    path = path or "/"
    aim = Target(
        scheme=scheme,
        host=host.lower(),
        port=int(port) if port else _PORTS[scheme],
        path=path if path.startswith("/") else f"/{path}",
    )
    if not any(origin.allows(aim) for origin in allowed):
        raise MediumRefused(f"{aim.scheme}://{aim.host}:{aim.port} is not a media host")
    if aim.scheme == "https" and not _is_name(aim.host):
        raise MediumRefused(f"{aim.host} is not a host name")
    return aim


def may_connect(address: str, *, scheme: str) -> bool:
    """Whether a connection to this IP address may be made: https to public ones, http to loopback only."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return ip.is_loopback if scheme == "http" else _public(ip)


def _public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and ip not in _RELAY
    if ip in _NAT64:
        return _public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    # Every other form that wraps an IPv4 address (mapped, compatible, Teredo, 6to4) is refused as a form.
    return ip in _UNICAST and ip.is_global and ip not in _SIX_TO_FOUR


def _origin(pattern: str) -> Origin:
    found = _PATTERN.fullmatch(pattern)
    if not found:
        raise SettingsError(f"media_origins: {pattern!r} is not `https://host` or `https://*.host`")
    scheme, wildcard, host, port = found.groups()
    if scheme == "http":
        if wildcard or not port or not may_connect(host, scheme="http"):
            raise SettingsError(f"media_origins: {pattern!r}: http needs a loopback address and its port")
    elif not _is_name(host):
        raise SettingsError(f"media_origins: {pattern!r}: {host} is not a host name")
    return Origin(scheme, host, int(port) if port else _PORTS[scheme], bool(wildcard))


def _is_name(host: str) -> bool:
    labels = host.split(".")
    # A last label that begins with a digit is an IP address in one of its notations (127.1, 0x7f.1).
    return len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and not labels[-1][0].isdigit()
