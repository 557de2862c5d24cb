"""Verifying finds every kind of damage, names the object, and goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from everyday.adapters.memory import MemoryArchive
from everyday.errors import ArchiveUnavailable
from everyday.photos.model import BlogPost, MissingFile
from everyday.photos.ports import Body, Listed
from everyday.photos.verify import Problem, verify
from tests.builders import a_medium
from tests.unit.photos.filled import fill, replaced

FOLDER = "instagram/17900000000000001"
POST = BlogPost(id="p", url="u", slug="s", status="draft", updated_at="t", rev="r")
FILES = {"1.jpg": b"a picture", "2.mp4": b"a film", "2.thumbnail.jpg": b"its preview"}


@pytest.fixture
def archive() -> MemoryArchive:
    made = MemoryArchive()
    fill(made, files=FILES, post=POST)
    fill(made, a_medium("2"), missing=(MissingFile(position=2, reason="licensed sound"),))
    return made


def found(archive: MemoryArchive) -> list[tuple[Problem, str]]:
    return [(it.problem, it.key) for it in verify(archive).findings]


def test_an_untouched_archive_is_proved_whole(archive: MemoryArchive) -> None:
    report = verify(archive)
    assert (report.ok, report.findings) == (True, ())
    assert (report.media, report.files, report.size, report.incomplete) == (2, 4, 35, 1)


def test_an_empty_archive_is_whole() -> None:
    assert verify(MemoryArchive()).ok


DAMAGE: list[tuple[str, Callable[[MemoryArchive], object], Problem, str]] = [
    ("a flipped bit", lambda it: replaced(it, f"{FOLDER}/1.jpg", b"a qicture"), Problem.CORRUPT, "1.jpg"),
    ("a cut file", lambda it: replaced(it, f"{FOLDER}/1.jpg", b"a pic"), Problem.CORRUPT, "1.jpg"),
    ("a lost file", lambda it: it.objects.pop(f"{FOLDER}/2.mp4"), Problem.MISSING, "2.mp4"),
    (
        "a lost preview",
        lambda it: it.objects.pop(f"{FOLDER}/2.thumbnail.jpg"),
        Problem.MISSING,
        "2.thumbnail.jpg",
    ),
    ("a lost sidecar", lambda it: it.objects.pop(f"{FOLDER}/media.json"), Problem.MISSING, "media.json"),
    (
        "half a sidecar",
        lambda it: replaced(it, f"{FOLDER}/media.json", b"{"),
        Problem.UNREADABLE,
        "media.json",
    ),
    ("half a post", lambda it: replaced(it, f"{FOLDER}/post.json", b"{"), Problem.UNREADABLE, "post.json"),
]


@pytest.mark.parametrize(
    ("damage", "problem", "name"), [it[1:] for it in DAMAGE], ids=[it[0] for it in DAMAGE]
)
def test_damage_is_found_and_named(
    archive: MemoryArchive, damage: Callable[[MemoryArchive], object], problem: Problem, name: str
) -> None:
    damage(archive)
    report = verify(archive)
    assert not report.ok
    assert [(it.problem, it.key) for it in report.findings] == [(problem, f"{FOLDER}/{name}")]
    assert report.findings[0].reason


def test_another_mediums_sidecar_is_not_taken(archive: MemoryArchive) -> None:
    replaced(archive, f"{FOLDER}/media.json", archive.objects["instagram/2/media.json"].data)
    assert found(archive) == [(Problem.UNREADABLE, f"{FOLDER}/media.json")]


@pytest.mark.parametrize(
    "key", [f"{FOLDER}/9.jpg", f"{FOLDER}/a/b", "instagram/stray", "instagram/a b/1.jpg"]
)
def test_what_no_sidecar_lists_is_an_orphan_and_no_loss(archive: MemoryArchive, key: str) -> None:
    archive.put(key, Body(iter([b"x"]), "image/jpeg", 1))
    assert found(archive) == [(Problem.ORPHAN, key)]
    assert verify(archive).ok


def test_all_damage_is_reported_not_only_the_first(archive: MemoryArchive) -> None:
    for key in list(archive.objects):
        if not key.endswith(".json"):
            replaced(archive, key, b"z" * len(archive.objects[key].data))
    assert len(found(archive)) == 4


class Unsteady(MemoryArchive):
    """Does not give one of its objects."""

    def open(self, key: str) -> AbstractContextManager[Body]:
        if key.endswith("1.jpg"):
            raise ArchiveUnavailable("reading: SlowDown")
        return super().open(key)


def test_what_cannot_be_read_now_is_not_called_corrupt() -> None:
    archive = Unsteady()
    fill(archive, files=FILES)
    report = verify(archive)
    assert not report.ok
    assert [(it.problem, it.reason) for it in report.findings] == [(Problem.UNCHECKED, "reading: SlowDown")]


def test_a_listing_that_breaks_off_is_no_verdict() -> None:
    class Broken(MemoryArchive):
        def list(self, prefix: str) -> Iterator[Listed]:
            yield from super().list(prefix)
            raise ArchiveUnavailable("listing: SlowDown")

    archive = Broken()
    fill(archive)
    with pytest.raises(ArchiveUnavailable):
        verify(archive)


def test_media_are_read_side_by_side_and_only_a_few_ahead() -> None:
    media, together = 64, 4
    barrier = threading.Barrier(together, timeout=30)
    listed: list[str] = []
    opened: list[str] = []

    class Watched(MemoryArchive):
        def list(self, prefix: str) -> Iterator[Listed]:
            for it in super().list(prefix):
                listed.append(it.key)
                yield it

        def open(self, key: str) -> AbstractContextManager[Body]:
            ahead.append(len(listed) / 2 - len(opened))
            opened.append(key)
            barrier.wait()  # passes only when `together` are reading at once
            return super().open(key)

    ahead: list[float] = []
    archive = Watched()
    for number in range(media):
        fill(archive, a_medium(f"{number:03}"))
    assert verify(archive, concurrency=together).files == media
    assert max(ahead) <= 4 * together


def test_progress_counts_every_medium_and_byte(archive: MemoryArchive) -> None:
    steps: list[int] = []

    class Watcher:
        def begin(self, what: str, total: int | None) -> None:
            steps.clear()

        def step(self, label: str, *, size: int = 0) -> None:
            steps.append(size)

    verify(archive, progress=Watcher())
    assert sorted(steps) == [9, 26]
