"""What is read from the job queue and the wake queue: strictly, each message alone."""

import json
from typing import Any

import pytest

from everyday.jobs.messages import MAX_BODY_BYTES, Submission, parse_jobs, parse_wakes
from everyday.jobs.model import JobClass

GOOD = {"task_definition": "everyday-work"}


def records(*bodies: Any) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"SentTimestamp": str(1000 + number), "ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
            }
            for number, body in enumerate(bodies)
        ]
    }


def the_job(**fields: Any) -> Submission:
    (job,) = parse_jobs(records({**GOOD, **fields})).jobs
    return job


def reason(body: Any) -> str:
    batch = parse_jobs(records(body))
    assert not batch.jobs
    (refusal,) = batch.refused
    return refusal.reason


def test_a_job_needs_nothing_but_a_task_definition() -> None:
    sent = the_job()
    assert (sent.id, sent.message_id, sent.sent_at) == ("m0", "m0", 1000)
    assert (sent.job.job_class, sent.job.queue, sent.job.memory) == (JobClass.NORMAL, "default", None)


def test_a_job_says_all_it_wants() -> None:
    job = the_job(
        **{"id": "a-1_B", "class": "high", "cpu": 1, "memory": 4, "gpu": 0, "retries": 3},
        depends_on=["x", "y/12"],
        overrides={"containerOverrides": [{"command": ["a"], "environment": [{"name": "A", "value": ""}]}]},
        group={"id": "g", "size": 2},
    )
    assert (job.id, job.job.job_class, job.job.retries) == ("a-1_B", JobClass.HIGH, 3)
    (override,) = job.job.overrides.container_overrides
    assert (override.name, override.command) == (None, ("a",))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("", "body"),
        ("[]", "body"),
        ("{", "body"),
        ('{"task_definition": "\ud800"}', "body"),
        ('{"task_definition": "\\ud800"}', "body"),
        ({}, "task_definition"),
        ({**GOOD, "x": 1}, "`x`"),
        ({"task_definition": 3}, "$.task_definition"),
        ({"task_definition": ""}, "$.task_definition"),
        ({**GOOD, "id": "a/b"}, "$.id"),
        ({**GOOD, "id": "é"}, "$.id"),
        ({**GOOD, "id": "a" * 65}, "$.id"),
        ({**GOOD, "id": ""}, "$.id"),
        ({**GOOD, "id": "a\n"}, "$.id"),
        ({**GOOD, "depends_on": ["a/1\n"]}, "$.depends_on[0]"),
        ({**GOOD, "class": "urgent"}, "$.class"),
        ({**GOOD, "memory": "100"}, "$.memory"),
        ({**GOOD, "memory": 100.5}, "$.memory"),
        ({**GOOD, "memory": 3}, "$.memory"),
        ({**GOOD, "memory": True}, "$.memory"),
        ({**GOOD, "cpu": 0}, "$.cpu"),
        ({**GOOD, "gpu": -1}, "$.gpu"),
        ({**GOOD, "array": 1}, "$.array"),
        ({**GOOD, "array": 10_001}, "$.array"),
        ({**GOOD, "timeout_seconds": 0}, "$.timeout_seconds"),
        ({**GOOD, "retries": {"attempts": 1, "exit_codes": [0]}}, "$.retries.exit_codes[0]"),
        ({**GOOD, "retries": {"times": 1}}, "$.retries"),
        ({**GOOD, "depends_on": ["a", "b c"]}, "$.depends_on[1]"),
        ({**GOOD, "depends_on": ["a"] * 21}, "$.depends_on"),
        ({**GOOD, "group": {"id": "g"}}, "$.group"),
        ({**GOOD, "group": {"id": "g", "size": 101}}, "$.group.size"),
        ({**GOOD, "overrides": {"memory": "5"}}, "$.overrides"),
        ({**GOOD, "overrides": {"containerOverrides": [{"cpu": 5}]}}, "$.overrides.containerOverrides[0]"),
        ({**GOOD, "cluster": "a b"}, "$.cluster"),
        ({**GOOD, "queue": ""}, "$.queue"),
    ],
)
def test_the_reason_names_the_field(body: Any, named: str) -> None:
    assert named in reason(body)


def test_a_body_has_a_largest_size_in_bytes() -> None:
    room = MAX_BODY_BYTES - len(json.dumps({"task_definition": ""}))
    assert "$.task_definition" in reason(json.dumps({"task_definition": "x" * room}))
    assert f"{MAX_BODY_BYTES + 1} bytes" in reason(json.dumps({"task_definition": "x" * (room + 1)}))
    two_bytes = '{"task_definition": "' + "é" * (room // 2 + 1) + '"}'
    assert "bytes" in reason(two_bytes)


def test_deep_nesting_is_a_reason_too() -> None:
    assert "body" in reason('{"overrides":' * 20_000 + "1" + "}" * 20_000)


def test_a_wrong_message_is_refused_alone_under_the_id_that_it_asks_for() -> None:
    batch = parse_jobs(records(GOOD, {"id": "mine", "x": 1}, {"id": "not/mine"}, "{", GOOD))
    assert [job.message_id for job in batch.jobs] == ["m0", "m4"]
    assert [(it.message_id, it.job_id) for it in batch.refused] == [
        ("m1", "mine"),
        ("m2", "m2"),
        ("m3", "m3"),
    ]
    assert json.loads(batch.refused[0].body) == {"id": "mine", "x": 1}


def test_the_payload_is_what_a_message_says_and_not_its_layout() -> None:
    first, second, third = parse_jobs(
        records(
            '{"task_definition":"a","overrides":{"taskRoleArn":"x","containerOverrides":[]}}',
            '{ "overrides": {"containerOverrides": [], "taskRoleArn": "x"}, "task_definition": "\\u0061" }',
            '{"task_definition":"b","overrides":{"taskRoleArn":"x","containerOverrides":[]}}',
        )
    ).jobs
    assert first.payload == second.payload != third.payload


def test_a_wake_is_read_strictly_too() -> None:
    batch = parse_wakes(
        records(
            {"cluster": "main", "fresh": ["a", "p/3"], "tick": "t"},
            {"cluster": 3},
            {"cluster": "c", "x": 1},
            "?",
        )
    )
    ((message_id, wake),) = batch.calls
    assert (message_id, wake.cluster, wake.fresh) == ("m0", "main", ("a", "p/3"))
    assert [message_id for message_id, _ in batch.refused] == ["m1", "m2", "m3"]
    assert "$.cluster" in batch.refused[0][1]
