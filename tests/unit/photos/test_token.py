from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyday.adapters.memory import MemorySecrets
from everyday.errors import (
    EverydayError,
    OwnerActionNeeded,
    SecretsUnavailable,
    SettingsError,
    SourceUnavailable,
)
from everyday.photos.ports import Refreshed
from everyday.photos.token import ALARM_DAYS, Token, TokenAction, TokenKeeper, parse_token, token_action
from tests.builders import NOW

DAY = timedelta(days=1)
LIFE = 60 * DAY


def a_secret(*, age: timedelta = timedelta(0), left: timedelta | None = None, **more: Any) -> dict[str, Any]:
    expires = NOW + left if left is not None else NOW - age + LIFE
    return {
        "access_token": "IGQ-secret",
        "obtained_at": (NOW - age).isoformat(),
        "expires_at": expires.isoformat(),
        **more,
    }


@pytest.mark.parametrize(
    ("age", "left", "action"),
    [
        (0, 60, TokenAction.WAIT),
        (0.9, 5, TokenAction.WAIT),
        (1.02, 5, TokenAction.WAIT),  # 24.5 hours by our clock, 23.5 by one that is an hour behind
        (1.05, 5, TokenAction.REFRESH),
        (2, 58, TokenAction.WAIT),
        (2, 30, TokenAction.REFRESH),
        (6.9, 53.1, TokenAction.WAIT),
        (7, 53, TokenAction.REFRESH),
        (59.9, 0.1, TokenAction.REFRESH),
        (60.03, -0.03, TokenAction.REFRESH),  # perhaps only our clock says so: Instagram decides
        (60.1, -0.1, TokenAction.EXPIRED),
        (-0.04, 60, TokenAction.WAIT),
    ],
)
def test_what_to_do_with_a_token(age: float, left: float, action: TokenAction) -> None:
    token = Token(access_token="t", obtained_at=NOW - age * DAY, expires_at=NOW + left * DAY)
    assert token_action(token, NOW) is action


class Instagram:
    """Lengthens tokens that are old enough and alive, by its own clock."""

    def __init__(self) -> None:
        self.now = NOW
        self.tokens = {"IGQ-secret": (NOW, NOW + LIFE)}
        self.up = True
        self.asked: list[str] = []

    def refresh(self, access_token: str) -> Refreshed:
        self.asked.append(access_token)
        if not self.up:
            raise SourceUnavailable("down")
        obtained, expires = self.tokens[access_token]
        if self.now >= expires or self.now - obtained < DAY:
            raise OwnerActionNeeded("too old or too young")
        new = f"{access_token}+"[:40] + str(len(self.asked))
        self.tokens[new] = (self.now, self.now + LIFE)
        return Refreshed(new, int(LIFE.total_seconds()))


class FailingSecrets(MemorySecrets):
    up = True

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        if not self.up:
            raise SecretsUnavailable("down")
        super().put(name, value)


def test_a_refreshed_token_is_stored_beside_what_others_wrote() -> None:
    secrets = MemorySecrets({"s": a_secret(age=8 * DAY, username="sample")})
    instagram = Instagram()
    instagram.tokens = {"IGQ-secret": (NOW - 8 * DAY, NOW + 52 * DAY)}
    report = TokenKeeper(secrets, instagram, lambda: NOW, "s").refresh()
    stored = secrets.get("s")
    assert (report.action, report.days_left, report.alarm) == (TokenAction.REFRESH, 60, False)
    assert stored["username"] == "sample"
    assert stored["access_token"] != "IGQ-secret"
    assert parse_token(stored).expires_at == NOW + LIFE


def test_a_young_token_is_left_alone() -> None:
    instagram = Instagram()
    report = TokenKeeper(MemorySecrets({"s": a_secret()}), instagram, lambda: NOW, "s").refresh()
    assert (report.action, instagram.asked) == (TokenAction.WAIT, [])


def test_an_expired_token_needs_the_owner() -> None:
    keeper = TokenKeeper(MemorySecrets({"s": a_secret(age=61 * DAY)}), Instagram(), lambda: NOW, "s")
    with pytest.raises(OwnerActionNeeded, match="photos login"):
        keeper.refresh()


def test_a_store_that_fails_loses_nothing_and_is_raised() -> None:
    secrets = FailingSecrets({"s": a_secret(age=8 * DAY)})
    instagram = Instagram()
    instagram.tokens = {"IGQ-secret": (NOW - 8 * DAY, NOW + 52 * DAY)}
    secrets.up = False
    keeper = TokenKeeper(secrets, instagram, lambda: NOW, "s")
    with pytest.raises(SecretsUnavailable):
        keeper.refresh()
    assert secrets.get("s")["access_token"] == "IGQ-secret"
    secrets.up = True
    assert keeper.refresh().action is TokenAction.REFRESH
    assert secrets.get("s")["access_token"] in instagram.tokens


@pytest.mark.parametrize(
    "secret",
    [
        {},
        {"access_token": 5},
        {"access_token": "IGQ-secret", "obtained_at": "yesterday"},
        {
            "access_token": "IGQ-secret",
            "obtained_at": "2026-05-01T12:00:00",
            "expires_at": "2026-06-01T12:00:00",
        },
    ],
)
def test_a_secret_of_another_shape_is_named_without_its_value(secret: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_token(secret)
    assert "IGQ-secret" not in str(caught.value)


def test_the_token_never_shows_in_its_repr() -> None:
    assert "IGQ-secret" not in repr(parse_token(a_secret()))


@settings(max_examples=60, deadline=None)
@given(
    outages=st.lists(st.tuples(st.integers(0, 399), st.integers(1, 5)), max_size=20),
    store_outages=st.sets(st.integers(0, 399), max_size=40),
    skew=st.sampled_from([-1, 0, 1]),
)
def test_no_token_runs_out_in_400_days_whatever_is_down_for_five(
    outages: list[tuple[int, int]], store_outages: set[int], skew: int
) -> None:
    secrets, instagram = FailingSecrets({"s": a_secret()}), Instagram()
    down = {day + n for day, days in outages for n in range(days)}
    for day in range(400):
        instagram.now = NOW + day * DAY
        instagram.up, secrets.up = day not in down, day not in store_outages
        ours = instagram.now + timedelta(hours=skew)
        try:
            report = TokenKeeper(secrets, instagram, lambda ours=ours: ours, "s").refresh()
        except (SourceUnavailable, SecretsUnavailable):
            continue
        stored = secrets.get("s")["access_token"]
        assert instagram.tokens[stored][1] > instagram.now
        assert report.days_left > 7 or report.alarm


@pytest.mark.parametrize("skew", [-1, 0, 1])
def test_when_refreshing_fails_for_good_the_owner_hears_of_it_weeks_ahead_and_never_silently(
    skew: int,
) -> None:
    secrets, instagram = MemorySecrets({"s": a_secret()}), Instagram()
    instagram.up = False
    silent, alarms = [], []
    for day in range(70):
        instagram.now = NOW + day * DAY
        ours = instagram.now + timedelta(hours=skew)
        try:
            report = TokenKeeper(secrets, instagram, lambda ours=ours: ours, "s").refresh()
        except EverydayError:
            alarms.append(day)
        else:
            silent.append(day)
            assert not report.alarm
    assert max(silent) < 60 - ALARM_DAYS
    assert min(alarms) <= 60 - 7
    assert alarms == list(range(min(alarms), 70))
