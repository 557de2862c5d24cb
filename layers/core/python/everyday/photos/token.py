"""The Instagram token: refreshed in time, so that it never runs out unnoticed.

Instagram API with Instagram Login: a long-lived token lives 60 days; one that is at least 24 hours old and
has not expired can be refreshed, which gives it 60 days from then. An expired one is dead for good.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from everyday.errors import OwnerActionNeeded, SettingsError
from everyday.photos.ports import Refresher
from everyday.ports import Clock, Secrets
from everyday.record import Record

SKEW = timedelta(hours=1)
"""How wrong our clock may be."""

MINIMUM_AGE = timedelta(hours=24) + SKEW
REFRESH_AGE = timedelta(days=7)
"""A token of this age is refreshed: 53 days are left then, for outages of any length worth planning for."""

REFRESH_LEFT = timedelta(days=30)
"""A token with less than this left is refreshed whatever its age."""

ALARM_DAYS = 10.0
"""With fewer days left than this, refreshing has failed for six weeks: the owner must be told."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What the secret holds. Times are aware; keys of other writers in the secret are kept."""

    access_token: str
    obtained_at: datetime
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Token(obtained_at={self.obtained_at}, expires_at={self.expires_at})"


class TokenAction(StrEnum):
    """What to do with a token."""

    WAIT = "wait"
    REFRESH = "refresh"
    EXPIRED = "expired"


class TokenReport(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What `refresh` found or did. `alarm`: fewer than ALARM_DAYS are left."""

    action: TokenAction
    expires_at: datetime
    days_left: float
    alarm: bool


def token_action(token: Token, now: datetime) -> TokenAction:
    """What to do with the token now. Near its end Instagram, not our clock, says whether it is too late."""
    age, left = now - token.obtained_at, token.expires_at - now
    if left <= -SKEW:
        return TokenAction.EXPIRED
    if age >= MINIMUM_AGE and (age >= REFRESH_AGE or left <= REFRESH_LEFT):
        return TokenAction.REFRESH
    return TokenAction.WAIT


def parse_token(secret: Mapping[str, Any]) -> Token:
    """The token of a secret. Raises SettingsError, naming the field and never its value."""
    try:
        token = msgspec.convert(secret, Token)
    except msgspec.ValidationError as error:
        raise SettingsError(f"the Instagram secret: {error}; run `everyday photos login`") from None
    if token.obtained_at.tzinfo is None or token.expires_at.tzinfo is None:
        raise SettingsError("the Instagram secret: times must say their zone, such as 2026-05-01T12:00:00Z")
    return token


class TokenKeeper:
    """Keeps the token in a secret alive."""

    def __init__(self, secrets: Secrets, refresher: Refresher, clock: Clock, secret_name: str) -> None:
        self._secrets = secrets
        self._refresher = refresher
        self._clock = clock
        self._name = secret_name

    def look(self) -> TokenReport:
        """How long the stored token lives, and what `refresh` would do. Changes nothing."""
        token, now = parse_token(self._secrets.get(self._name)), self._clock()
        return _report(token, token_action(token, now), now)

    def refresh(self) -> TokenReport:
        """Refresh the token if it is time, and say how long it lives.

        Raises OwnerActionNeeded for a dead token, and what refreshing and storing raise. When storing fails
        nothing is lost: the earlier token stays stored and valid, and the next run refreshes again.
        """
        secret, now = self._secrets.get(self._name), self._clock()
        token = parse_token(secret)
        action = token_action(token, now)
        if action is TokenAction.EXPIRED:
            raise OwnerActionNeeded(
                f"the Instagram token expired on {token.expires_at:%d %B %Y}; run `everyday photos login`"
            )
        if action is TokenAction.REFRESH:
            token = self._refreshed(token, now)
            self._secrets.put(self._name, {**secret, **msgspec.to_builtins(token)})
        return _report(token, action, now)

    def _refreshed(self, token: Token, now: datetime) -> Token:
        new = self._refresher.refresh(token.access_token)
        return Token(
            access_token=new.access_token,
            obtained_at=now,
            expires_at=now + timedelta(seconds=new.expires_in),
        )


def _report(token: Token, action: TokenAction, now: datetime) -> TokenReport:
    days = (token.expires_at - now) / timedelta(days=1)
    return TokenReport(
        action=action, expires_at=token.expires_at, days_left=round(days, 2), alarm=days < ALARM_DAYS
    )
