"""The job messages to try are ones that the scheduler takes."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from everyday.jobs.messages import MAX_BODY_BYTES, JobMessage

FOLDER = Path(__file__).parents[2] / "examples" / "jobs"
FILES = sorted(FOLDER.glob("*.json"))


def messages(file: Path) -> Iterator[JobMessage]:
    read = json.loads(file.read_text(encoding="utf-8"))
    for each in read if isinstance(read, list) else [read]:
        body = json.dumps(each).encode()
        assert len(body) <= MAX_BODY_BYTES
        yield msgspec.json.decode(body, type=JobMessage)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_is_valid_and_whole(file: Path) -> None:
    jobs = list(messages(file))
    ids = [job.id for job in jobs]
    assert len(set(ids)) == len(ids)
    assert {needed for job in jobs for needed in job.depends_on} <= set(ids)
    sizes = Counter((job.group.id, job.group.size) for job in jobs if job.group)
    assert all(count == size for (_, size), count in sizes.items())


def test_together_they_show_what_a_job_can_say() -> None:
    shown = {field for file in FILES for job in messages(file) for field in _said(job)}
    assert {"depends_on", "array", "group", "retries", "overrides", "timeout_seconds", "queue"} <= shown


def test_each_has_its_line_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [file.name for file in FILES if f"[{file.name}]" not in readme] == []


def _said(job: JobMessage) -> set[str]:
    unset = JobMessage(task_definition=job.task_definition)
    return {name for name in job.__struct_fields__ if getattr(job, name) != getattr(unset, name)}
