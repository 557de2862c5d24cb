"""Addresses that expire: `…/media/1_2_n.jpg?…&oe=<hex seconds>&oh=<signature>`."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta


class Signer:
    """Signs paths. Two signatures of one path differ, and both are good until they expire."""

    def __init__(self, secret: bytes, *, lifetime: timedelta = timedelta(days=3)) -> None:
        self._secret = secret
        self.lifetime = lifetime

    def sign(self, path: str, *, now: datetime) -> str:
        """The path with its query."""
        expires = f"{int((now + self.lifetime).timestamp()):X}"
        salt = secrets.token_urlsafe(12)
        return (
            f"{path}?stp=dst-jpg&_nc_cat=1&_nc_ohc={salt}&oh={self._hash(path, salt, expires)}&oe={expires}"
        )

    def good(self, path: str, query: Mapping[str, str], *, now: datetime) -> bool:
        """Whether the signature is ours and has not run out."""
        expires = query.get("oe", "")
        expected = self._hash(path, query.get("_nc_ohc", ""), expires)
        if not hmac.compare_digest(expected.encode(), query.get("oh", "").encode()):
            return False
        return now.timestamp() < int(expires, 16)

    def _hash(self, path: str, salt: str, expires: str) -> str:
        told = "\n".join((path, salt, expires)).encode()
        return "00_" + hmac.new(self._secret, told, hashlib.sha256).hexdigest()[:32]
