"""token_refresh: the token lives on, and a metric says how long."""

import json
from datetime import timedelta

import pytest

from everyday.adapters.memory import MemorySecrets
from everyday.errors import OwnerActionNeeded, SettingsError
from everyday.photos.ports import Refreshed
from everyday.photos.token import TokenKeeper
from functions.token_refresh import handler
from tests.builders import NOW
from tests.functions.handling import AContext, an_event

CANARY = "IGcanary-token"


class Lengthens:
    """Instagram, which always says yes."""

    def refresh(self, access_token: str) -> Refreshed:
        return Refreshed(f"{access_token}-new", 60 * 24 * 60 * 60)


def _keeper(*, age_days: float, left_days: float) -> TokenKeeper:
    token = {
        "access_token": CANARY,
        "obtained_at": (NOW - timedelta(days=age_days)).isoformat(),
        "expires_at": (NOW + timedelta(days=left_days)).isoformat(),
    }
    return TokenKeeper(MemorySecrets({"instagram": token}), Lengthens(), lambda: NOW, "instagram")


@pytest.mark.parametrize(("age", "left", "days"), [(0.5, 59.5, 59.5), (8, 52, 60.0), (55, 5, 60.0)])
def test_the_metric_says_how_many_days_the_token_has(
    capsys: pytest.CaptureFixture[str], age: float, left: float, days: float
) -> None:
    handler.handle(an_event("schedule"), AContext(), keeper=_keeper(age_days=age, left_days=left))
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Everyday/Photos"
    assert directive["Metrics"] == [{"Name": "TokenDaysLeft"}]
    assert line["TokenDaysLeft"] == days
    assert isinstance(line["_aws"]["Timestamp"], int)


def test_a_dead_token_is_raised_and_reports_no_days(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OwnerActionNeeded, match="photos login"):
        handler.handle(an_event("schedule"), AContext(), keeper=_keeper(age_days=61, left_days=-1))
    assert capsys.readouterr().out == ""


def test_neither_answer_nor_log_nor_output_holds_the_token(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    keeper = _keeper(age_days=30, left_days=30)
    answer = handler.handle(an_event("schedule"), AContext(), keeper=keeper)
    logged = [str(vars(record)) for record in caplog.records]
    assert logged
    assert CANARY not in json.dumps(answer) + capsys.readouterr().out + "".join(logged)


def test_a_secret_that_was_never_filled_asks_for_a_login() -> None:
    keeper = TokenKeeper(MemorySecrets(), Lengthens(), lambda: NOW, "instagram")
    with pytest.raises(SettingsError):
        handler.handle(an_event("schedule"), AContext(), keeper=keeper)
