"""The log of the ECS stand-in's operations outlives its process."""

from datetime import UTC, datetime
from pathlib import Path

from everyday_local.ecs.history import History

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def answered(history: History, token: str) -> None:
    history.answered(NOW, "RunTask", {"clientToken": token}, {"tasks": [{"taskArn": f"arn-{token}"}]}, "ok")


def keys(history: History) -> list[str]:
    return [each.key for each in history.operations]


def test_a_later_process_goes_on_from_what_an_earlier_one_left(tmp_path: Path) -> None:
    first = History(journal=tmp_path / "journal")
    answered(first, "a")
    later = History(journal=tmp_path / "journal")
    answered(later, "b")
    assert keys(later) == keys(History(journal=tmp_path / "journal")) == ["a", "b"]
    assert [each.number for each in later.operations] == [1, 2]
    assert later.operations[0] == first.operations[0]


def test_a_line_that_was_cut_costs_nothing_but_itself(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    answered(History(journal=journal), "a")
    with journal.open("ab") as file:
        file.write(b'[2,"2026-')
    again = History(journal=journal)
    answered(again, "b")
    assert keys(History(journal=journal)) == ["a", "b"]


def test_it_keeps_no_more_than_it_is_told_to(tmp_path: Path) -> None:
    history = History(2, journal=tmp_path / "journal")
    for token in "abc":
        answered(history, token)
    again = History(2, journal=tmp_path / "journal")
    assert keys(history) == keys(again) == ["b", "c"]
    assert len((tmp_path / "journal").read_text().splitlines()) == 2


def test_what_is_cleared_is_gone_for_a_later_process_too(tmp_path: Path) -> None:
    history = History(journal=tmp_path / "journal")
    answered(history, "a")
    history.clear()
    assert keys(History(journal=tmp_path / "journal")) == []
