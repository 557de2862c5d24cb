"""Pushing a zip, and looking on until its pipeline has ended."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from everyday.errors import EdgeUnavailable
from everyday.site.pushing import Pushed, Pusher, PushState


class Run(NamedTuple):
    id: str
    status: str


class Step(NamedTuple):
    name: str
    status: str
    said: str = ""


class Uploads:
    """A versioned key in memory."""

    def __init__(self) -> None:
        self.versions: list[bytes] = []

    def push(self, archive: Path, digest: bytes) -> str:
        assert sha256(archive.read_bytes()).digest() == digest
        self.versions.append(digest)
        return f"v{len(self.versions)}"

    def holds(self, digest: bytes) -> str | None:
        return f"v{len(self.versions)}" if self.versions[-1:] == [digest] else None


class Pipeline:
    """Tells of one run what it was at each look; the last look for ever. None: no run yet; an error: no
    answer."""

    def __init__(self, *looks: tuple[str, Sequence[Step]] | EdgeUnavailable | None) -> None:
        self.looks = list(looks)
        self.asked: list[str] = []

    def started_by(self, version: str) -> Run | None:
        self.asked.append(version)
        return self._look()

    def execution(self, execution_id: str) -> Run:
        assert execution_id == "run"
        found = self._look()
        assert found
        return found

    def actions(self, execution_id: str) -> Sequence[Step]:
        return self.steps

    def _look(self) -> Run | None:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, EdgeUnavailable):
            raise look
        if look is None:
            return None
        self.steps = look[1]
        return Run("run", look[0])


class Steps:
    """The labels of a progress."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def begin(self, what: str, total: int | None) -> None: ...

    def step(self, label: str, *, size: int = 0) -> None:
        self.labels.append(label)


PUSHED = Step("Push", "Succeeded", "version v1")
DONE = Step("Publish", "Succeeded", "blog: release r1 is live")


def pusher(pipeline: Pipeline, uploads: Uploads | None = None) -> tuple[Pusher, list[float]]:
    waits: list[float] = []
    return Pusher("blog", uploads or Uploads(), pipeline, waits.append), waits


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "site.zip"
    path.write_bytes(b"zip" * 500_000)
    return path


def test_a_push_stores_the_zip_and_names_its_version(archive: Path) -> None:
    pushes, _ = pusher(Pipeline(None))
    assert pushes.push(archive) == Pushed(site="blog", version="v1", size=1_500_000, state=PushState.UNKNOWN)


def test_a_push_is_followed_until_it_is_published(archive: Path) -> None:
    running = ("InProgress", [PUSHED, Step("Publish", "InProgress")])
    pipeline, seen = Pipeline(None, ("InProgress", []), running, ("Succeeded", [PUSHED, DONE])), Steps()
    pushes, waits = pusher(pipeline)
    ended = pushes.follow(pushes.push(archive), seen)
    assert (ended.state, ended.execution, ended.said) == (PushState.PUBLISHED, "run", DONE.said)
    assert seen.labels == ["push", "publish"]
    assert pipeline.asked == ["v1", "v1"]
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Failed", PushState.FAILED),
        ("Stopped", PushState.FAILED),
        ("Cancelled", PushState.FAILED),
        ("Superseded", PushState.FOLLOWED),
    ],
)
def test_another_end_has_the_words_of_the_last_step(archive: Path, status: str, state: PushState) -> None:
    pushes, _ = pusher(Pipeline((status, [PUSHED, Step("Publish", "Failed", "css/a.css is missing")])))
    ended = pushes.follow(pushes.push(archive), Steps())
    assert (ended.state, ended.said) == (state, "css/a.css is missing")


def test_a_look_without_an_answer_is_made_again(archive: Path) -> None:
    away = EdgeUnavailable("away")
    pushes, waits = pusher(Pipeline(away, ("InProgress", []), away, ("Succeeded", [DONE])))
    assert pushes.follow(pushes.push(archive), Steps()).state is PushState.PUBLISHED
    assert len(waits) == 3


def test_nobody_looks_for_ever(archive: Path) -> None:
    pushes, waits = pusher(Pipeline(None))
    assert pushes.follow(pushes.push(archive), Steps()).state is PushState.UNKNOWN
    assert sum(waits) == 40 * 60


def test_what_became_of_the_same_zip_is_known(archive: Path) -> None:
    uploads = Uploads()
    pushes, _ = pusher(Pipeline(("Succeeded", [DONE])), uploads)
    assert pushes.known(archive) is None
    pushes.push(archive)
    found = pushes.known(archive)
    assert found
    assert (found.version, found.state, found.said) == ("v1", PushState.PUBLISHED, DONE.said)
    archive.write_bytes(b"another")
    assert pushes.known(archive) is None


def test_a_push_that_is_under_way_or_unheard_of_is_told_apart(archive: Path) -> None:
    pushes, _ = pusher(Pipeline(("InProgress", []), None))
    pushes.push(archive)
    running = pushes.known(archive)
    assert running
    assert running.state is PushState.UNKNOWN
    assert pushes.known(archive) is None
