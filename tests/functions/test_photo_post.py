"""photo_post: each message of a batch succeeds or comes back alone."""

import logging
from typing import Any

import pytest

from everyday.errors import BlogKeyRefused, BlogUnavailable
from functions.photo_post import handler
from tests.functions.handling import AContext, NotedPosting, an_event

FIRST, POISON, THIRD = (f"{number:08d}-0000-4000-8000-000000000000" for number in (1, 2, 3))
STORED = ["17900000000000001", "17900000000000003"]


def _handle(event: Any, posting: NotedPosting, seconds: float = 300) -> list[str]:
    answer = handler.handle(event, AContext(seconds), posting=posting)  # type: ignore[arg-type]
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_every_good_message_is_posted_and_only_the_poisonous_one_comes_back() -> None:
    posting = NotedPosting()
    assert _handle(an_event("photo_stored_batch"), posting) == [POISON]
    assert posting.posted == STORED


def test_only_the_medium_whose_service_did_not_answer_comes_back() -> None:
    posting = NotedPosting({STORED[0]: BlogUnavailable("no answer")})
    assert set(_handle(an_event("photo_stored_batch"), posting)) == {FIRST, POISON}
    assert posting.posted == STORED[1:]


def test_a_sweep_is_told_how_long_it_may_take() -> None:
    posting = NotedPosting()
    assert _handle(an_event("sweep_batch"), posting, seconds=250) == []
    assert posting.sweeps == [250]


def test_what_cannot_be_finished_in_time_is_handed_back_untouched() -> None:
    posting = NotedPosting()
    assert set(_handle(an_event("photo_stored_batch"), posting, seconds=60)) == {FIRST, POISON, THIRD}
    assert posting.posted == []


def test_a_refused_key_ends_the_batch_loudly() -> None:
    with pytest.raises(BlogKeyRefused):
        _handle(an_event("photo_stored_batch"), NotedPosting({STORED[0]: BlogKeyRefused("no")}))


def test_the_log_says_what_became_of_each_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        _handle(an_event("photo_stored_batch"), NotedPosting())
    fields = [vars(record) for record in caplog.records]
    posted = {each["medium"]: each["report"]["done"] for each in fields if "report" in each}
    assert posted == dict.fromkeys(STORED, "created")
    (refused,) = (each for each in fields if each["message"] == "message refused")
    assert (refused["message_id"], refused["levelname"]) == (POISON, "ERROR")


def test_log_fields_do_not_hide_those_of_a_record() -> None:
    """`extra` may not name `message` or `asctime`: logging would raise in the middle of the work."""
    from everyday.photos.messages import Refusal

    assert not set(Refusal._fields) & {*vars(logging.makeLogRecord({})), "message", "asctime"}
