"""photo_backup: a schedule starts a run, `backup.continue` goes on with one."""

from typing import Any

import pytest

from everyday.errors import InvalidMessageError, SettingsError
from everyday.photos.backup import BackupReport
from functions.photo_backup import handler
from tests.functions.handling import AContext, NotedBackup, an_event


def _run(event: Any, seconds: float = 900) -> tuple[Any, NotedBackup]:
    backup = NotedBackup(BackupReport(listed=3, new=2, more=True))
    return handler.handle(event, AContext(seconds), backup=backup), backup  # type: ignore[arg-type]


@pytest.mark.parametrize(("event", "walk"), [("schedule", None), ("backup_continue", "5f2b7c1e9a3d4e60")])
def test_a_schedule_starts_a_run_and_an_event_goes_on_with_its_walk(event: str, walk: str | None) -> None:
    _, backup = _run(an_event(event))
    assert backup.walks == [walk]


def test_the_run_knows_how_long_lambda_lets_it_live() -> None:
    _, backup = _run(an_event("schedule"), seconds=123.5)
    assert backup.seconds_left == [123.5]


def test_the_answer_is_the_report_as_json() -> None:
    answer, _ = _run(an_event("schedule"))
    assert (answer["listed"], answer["new"], answer["more"]) == (3, 2, True)


def test_an_event_of_another_kind_is_refused_and_nothing_runs() -> None:
    event = an_event("schedule") | {"detail-type": "EC2 Instance State-change Notification"}
    with pytest.raises(InvalidMessageError, match="detail-type"):
        _run(event)


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    handler._backup.cache_clear()
    monkeypatch.delenv("CATALOG_TABLE", raising=False)
    with pytest.raises(SettingsError, match="catalog_table"):
        handler.handle(an_event("schedule"), AContext())


def test_the_owner_may_ask_for_a_complete_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    from everyday import wiring

    asked: list[bool] = []

    def backup(_: object, *, complete: bool) -> NotedBackup:
        asked.append(complete)
        return NotedBackup(BackupReport())

    monkeypatch.setattr(handler.BackupSettings, "from_env", lambda _: None)
    monkeypatch.setattr(wiring, "backup", backup)
    handler._backup.cache_clear()
    for event in ({"complete": True}, an_event("schedule"), {"complete": True}):
        handler.handle(event, AContext())
    handler._backup.cache_clear()
    assert asked == [True, False]
