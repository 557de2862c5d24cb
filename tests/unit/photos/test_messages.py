import json
from typing import Any

import pytest

from everyday.errors import InvalidMessageError
from everyday.photos.messages import (
    CONTINUE,
    SOURCE,
    STORED,
    BackupRequest,
    backup_continue,
    parse_backup,
    parse_posts,
    photo_stored,
)
from tools.write_schemas import FOLDER, schemas

SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-05-01T12:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/backup"],
    "detail": {},
}


def an_event(kind: str = STORED, detail: Any = None, **changes: Any) -> dict[str, Any]:
    detail = photo_stored("17900000000000001") if detail is None else detail
    return {**SCHEDULED, "detail-type": kind, "source": SOURCE, "detail": detail, **changes}


def records(*bodies: Any) -> dict[str, Any]:
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {"Records": [{"messageId": f"m{n}", "body": text} for n, text in enumerate(texts)]}


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        (SCHEDULED, BackupRequest()),
        ({**SCHEDULED, "new-key": 1}, BackupRequest()),
        ({**SCHEDULED, "detail": {"complete": True}}, BackupRequest(complete=True)),
        ({}, BackupRequest()),
        ({"complete": True}, BackupRequest(complete=True)),
        (an_event(CONTINUE, backup_continue("w1")), BackupRequest(walk="w1")),
        (an_event(CONTINUE, backup_continue("w1"), **{"replay-name": "x"}), BackupRequest(walk="w1")),
    ],
)
def test_schedules_continuations_and_people_ask_for_a_backup(event: Any, request_: BackupRequest) -> None:
    assert parse_backup(event) == request_


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ([], "JSON object"),
        (an_event(), "detail-type"),
        (an_event(CONTINUE, {}), "walk"),
        (an_event(CONTINUE, {"walk": 5}), "walk"),
        (an_event(CONTINUE, {"walk": ""}), "walk"),
        (an_event(CONTINUE, {"walk": "w", "more": 1}), "more"),
        ({"complete": "yes"}, "complete"),
        ({"whole": True}, "whole"),
    ],
)
def test_a_backup_request_of_another_shape_is_refused_by_the_fields_name(event: Any, named: str) -> None:
    with pytest.raises(InvalidMessageError, match=named):
        parse_backup(event)


def test_a_batch_holds_media_and_sweeps_in_order() -> None:
    batch = parse_posts(records(an_event(), {"sweep": True}, an_event(**{"replay-name": "again"})))
    assert [(it.message_id, it.medium_id, it.sweep) for it in batch.requests] == [
        ("m0", "17900000000000001", False),
        ("m1", None, True),
        ("m2", "17900000000000001", False),
    ]
    assert batch.refused == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("no json", "body"),
        ("[]", "body"),
        ('"\\ud800', "body"),
        pytest.param('{"a":' * 100_000, "body", id="nested too deep"),
        ({}, "source"),
        (an_event(source="aws.s3"), "source"),
        (an_event("photo.lost"), "detail-type"),
        (an_event(detail={}), "id"),
        (an_event(detail={"id": 17900000000000001}), "id"),
        (an_event(detail={"id": "../escape"}), "id"),
        (an_event(detail={"id": "1\n"}), "id"),
        (an_event(detail={"id": "1", "force": True}), "force"),
        (an_event(detail="x"), "detail"),
        ({"sweep": False}, "sweep"),
        ({"sweep": 1}, "sweep"),
        ({"sweep": True, "extra": 1}, "extra"),
    ],
)
def test_one_bad_message_is_refused_alone_by_the_fields_name(body: Any, named: str) -> None:
    batch = parse_posts(records(an_event(), body, {"sweep": True}))
    assert [it.message_id for it in batch.requests] == ["m0", "m2"]
    assert [it.message_id for it in batch.refused] == ["m1"]
    assert named in batch.refused[0].reason


def test_the_schemas_in_the_docs_are_those_of_the_code() -> None:
    there = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    mine = schemas()
    assert {name: there.get(name) for name in mine} == mine, "run `python tools/write_schemas.py`"


def test_every_schema_describes_its_fields() -> None:
    stored = json.loads(schemas()["photo.stored.json"])["$defs"]["PhotoStored"]
    assert stored["required"] == ["id"]
    assert stored["additionalProperties"] is False
    assert stored["properties"]["id"]["pattern"]
