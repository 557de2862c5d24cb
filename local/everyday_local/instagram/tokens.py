"""Access tokens of the stand-in: issued, refreshed, exchanged, expired, revoked."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from everyday_local.instagram.graph_errors import GraphError, bad_parameter
from everyday_local.instagram.storage import load, save

APP_ID, APP_SECRET = "1700000000000001", "standin-app-secret"  # of an application that is not there
LONG, SHORT = timedelta(days=60), timedelta(hours=1)
YOUNGEST = timedelta(hours=24)


class Token(msgspec.Struct, kw_only=True):
    """What is known of one token. `revoked` is the subcode that its use is answered with."""

    issued_at: datetime
    expires_at: datetime
    revoked: int | None = None


class _Book(msgspec.Struct, kw_only=True):
    first: str = ""
    tokens: dict[str, Token] = {}
    codes: dict[str, str] = {}


class Tokens:
    """Every token that was ever issued. Kept in a file when there is a path."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._book = load(path, _Book) or _Book()

    def first(self, now: datetime) -> str:
        """The token that the owner starts with: two days old, so that it may be refreshed at once.

        When it has expired, there is a new one.
        """
        known = self._book.tokens.get(self._book.first)
        if known is None or now >= known.expires_at:
            self._book.first = self.issue(now - timedelta(days=2))
            save(self._path, self._book)
        return self._book.first

    def issue(self, issued_at: datetime, lifetime: timedelta = LONG) -> str:
        text = "IGAA" + secrets.token_urlsafe(48)
        self._book.tokens[text] = Token(issued_at=issued_at, expires_at=issued_at + lifetime)
        save(self._path, self._book)
        return text

    def about(self, text: str) -> Token:
        """Raises KeyError for a token that was never issued."""
        return self._book.tokens[text]

    def check(self, text: str, now: datetime) -> Token:
        """The token, if it may be used. Raises GraphError 190."""
        token = self._book.tokens.get(text)
        if token is None:
            raise GraphError(190)
        if token.revoked is not None:
            raise GraphError(190, token.revoked)
        if now >= token.expires_at:
            raise GraphError(190, 463)
        return token

    def revoke(self, text: str, subcode: int = 460) -> None:
        """The owner changed the password (460) or removed the application (458)."""
        self._book.tokens[text].revoked = subcode
        save(self._path, self._book)

    def refresh(self, text: str, now: datetime) -> str:
        """A new token for 60 days; the old one lives on until its own end. Raises GraphError.

        Meta: only a long-lived token that is at least 24 hours old and has not expired. How a younger one
        is refused is not documented; here it is code 100 without a subcode.
        """
        token = self.check(text, now)
        if token.expires_at - token.issued_at <= SHORT:
            raise bad_parameter("The access token is not a long-lived access token")
        if now - token.issued_at < YOUNGEST:
            raise bad_parameter("The access token is less than 24 hours old")
        return self.issue(now)

    def exchange(self, text: str, secret: str, now: datetime) -> str:
        """A long-lived token for a short-lived one. Raises GraphError."""
        if secret != APP_SECRET:
            raise GraphError(101, message="Error validating client secret.")
        if (token := self.check(text, now)).expires_at - token.issued_at > SHORT:
            raise bad_parameter("The access token is already long-lived")
        return self.issue(now)

    def code(self, redirect_uri: str) -> str:
        """The owner said yes: a code that can be redeemed once."""
        code = "AQ" + secrets.token_urlsafe(24)
        self._book.codes[code] = redirect_uri
        save(self._path, self._book)
        return code

    def redeem(self, code: str, redirect_uri: str, now: datetime) -> str | None:
        """A short-lived token for a code of the same redirect address; None when there is no such code."""
        if self._book.codes.get(code) != redirect_uri:
            return None
        del self._book.codes[code]
        return self.issue(now, SHORT)
