"""One set of promises over every Archive, and what only S3 or only a folder can get wrong."""

import errno
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from everyday.adapters.folder import FolderArchive
from everyday.adapters.memory import MemoryArchive
from everyday.adapters.s3 import PART_BYTES, S3Archive
from everyday.errors import (
    ArchiveConflict,
    ArchiveUnavailable,
    EverydayError,
    MediumMissing,
    SettingsError,
    SourceUnavailable,
)
from everyday.photos.ports import Archive, Body, Stored
from tests.contract.conftest import Trouble

KEY = "instagram/17900000000000001/1.jpg"
DOCUMENT = "instagram/17900000000000001/media.json"
SMALL = b"small picture"
LARGE = b"0123456789abcdef" * (20 * 2**16)  # 20 MiB: three parts


def a_body(data: bytes = SMALL, *, chunk: int = 300_007, content_type: str = "image/jpeg") -> Body:
    chunks = (data[at : at + chunk] for at in range(0, len(data), chunk))
    return Body(chunks, content_type, len(data))


def a_broken_body(error: Exception, data: bytes) -> Body:
    def chunks() -> Iterator[bytes]:
        yield data
        raise error

    return Body(chunks(), "image/jpeg", None)


def stored(data: bytes) -> Stored:
    return Stored(sha256(data).hexdigest(), len(data))


def content(archive: Archive, key: str = KEY) -> bytes:
    with archive.open(key) as body:
        return b"".join(body.chunks)


@pytest.fixture
def s3(client: Callable[[str], Any]) -> Any:
    return client("s3")


@pytest.fixture
def s3_archive(s3: Any, bucket: str) -> S3Archive:
    return S3Archive(s3, bucket)


@pytest.fixture(params=["memory", "folder", "s3"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "memory":
        return MemoryArchive()
    if request.param == "folder":
        return FolderArchive(tmp_path / "archive")
    made: S3Archive = request.getfixturevalue("s3_archive")
    return made


def uploads(s3: Any, bucket: str) -> list[str]:
    return [it["Key"] for it in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def versions(s3: Any, bucket: str) -> int:
    return len(s3.list_object_versions(Bucket=bucket).get("Versions", []))


# Every archive


@pytest.mark.parametrize(
    "data", [b"", SMALL, LARGE[:PART_BYTES], LARGE], ids=["none", "small", "part", "big"]
)
def test_bytes_come_back_untouched_with_their_hash_and_type(archive: Archive, data: bytes) -> None:
    assert archive.put(KEY, a_body(data)) == stored(data)
    with archive.open(KEY) as body:
        assert (body.content_type, body.length) == ("image/jpeg", len(data))
        assert b"".join(body.chunks) == data


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_what_is_there_is_adopted_and_never_overwritten(archive: Archive, data: bytes) -> None:
    archive.put(KEY, a_body(data))
    for other in (b"something else", LARGE[::-1]):
        assert archive.put(KEY, a_body(other)) == stored(data)
    assert content(archive) == data


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("error", [SourceUnavailable("cut"), OSError("reset"), ValueError("bad")], ids=repr)
def test_an_error_of_the_source_passes_and_nothing_is_stored(
    archive: Archive, data: bytes, error: Exception
) -> None:
    with pytest.raises(type(error), match=str(error)):
        archive.put(KEY, a_broken_body(error, data))
    assert list(archive.list("")) == []
    assert archive.put(KEY, a_body()) == stored(SMALL)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_body_that_is_not_as_long_as_declared_is_refused(archive: Archive, data: bytes) -> None:
    with pytest.raises(SourceUnavailable, match="declared"):
        archive.put(KEY, a_body(data)._replace(length=len(data) + 1))
    assert list(archive.list("")) == []


def test_of_many_writers_one_is_kept_and_all_learn_which(archive: Archive) -> None:
    bodies = [b"%d" % number for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(lambda data: archive.put(KEY, a_body(data)), bodies))
    assert results == {stored(content(archive))}


def test_of_many_writers_of_a_new_document_one_wins(archive: Archive) -> None:
    def write(number: int) -> bool:
        try:
            archive.write(DOCUMENT, b"%d" % number, tag=None)
        except ArchiveConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(16)))
    assert won.count(True) == 1
    assert archive.read(DOCUMENT) is not None
    assert archive.read(DOCUMENT)[0] == b"%d" % won.index(True)  # type: ignore[index]


def test_increments_of_many_writers_are_all_kept(archive: Archive) -> None:
    archive.write(DOCUMENT, b"0", tag=None)

    def increment(_: int) -> None:
        while True:
            document, tag = archive.read(DOCUMENT) or pytest.fail("lost")
            try:
                return archive.write(DOCUMENT, b"%d" % (int(document) + 1), tag=tag)
            except ArchiveConflict:
                continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(increment, range(12)))
    assert (archive.read(DOCUMENT) or (b"", ""))[0] == b"12"


def test_a_document_is_replaced_only_by_who_read_it(archive: Archive) -> None:
    archive.write(DOCUMENT, b"1", tag=None)
    _, tag = archive.read(DOCUMENT) or pytest.fail("lost")
    archive.write(DOCUMENT, b"2", tag=tag)
    for stale in (tag, None):
        with pytest.raises(ArchiveConflict):
            archive.write(DOCUMENT, b"3", tag=stale)
    assert (archive.read(DOCUMENT) or (b"", ""))[0] == b"2"


def test_a_document_that_is_not_there_has_no_tag_to_match(archive: Archive) -> None:
    archive.write("other", b"1", tag=None)
    _, tag = archive.read("other") or pytest.fail("lost")
    with pytest.raises(ArchiveConflict):
        archive.write(DOCUMENT, b"1", tag=tag)
    assert archive.read(DOCUMENT) is None


def test_what_is_not_there_is_said_to_be_missing(archive: Archive) -> None:
    assert archive.read(DOCUMENT) is None
    with pytest.raises(MediumMissing), archive.open(KEY):
        pytest.fail("opened")


def test_a_listing_is_in_the_order_of_keys_and_keeps_to_its_prefix(archive: Archive) -> None:
    keys = ["a/1/1.jpg", "a/1/media.json", "a/1-2/1.jpg", "a/1.5", "a/10/1.jpg", "a/2/b/c", "b/1"]
    for key in keys:
        archive.put(key, a_body())
    assert [it.key for it in archive.list("")] == sorted(keys)
    assert [it.key for it in archive.list("a/1")] == sorted(key for key in keys if key.startswith("a/1"))
    assert [it.key for it in archive.list("a/1/")] == ["a/1/1.jpg", "a/1/media.json"]
    assert list(archive.list("none/")) == []
    assert {it.size for it in archive.list("a/")} == {len(SMALL)}


# S3


def test_s3_is_asked_no_more_than_needed(s3: Any, s3_archive: S3Archive) -> None:
    trouble = Trouble(s3)
    s3_archive.put(KEY, a_body())
    assert trouble.sent == ["PutObject"]
    trouble.sent.clear()
    s3_archive.put("big", a_body(LARGE))
    begin, end = ["HeadObject", "CreateMultipartUpload"], ["CompleteMultipartUpload", "ListMultipartUploads"]
    assert trouble.sent == [*begin, *["UploadPart"] * 3, *end]
    trouble.sent.clear()
    s3_archive.put(KEY, a_body())
    assert trouble.sent == ["PutObject", "HeadObject"]


def test_a_large_object_that_is_there_is_not_uploaded_again(s3: Any, s3_archive: S3Archive) -> None:
    s3_archive.put(KEY, a_body(LARGE))
    trouble = Trouble(s3, "UploadPart")
    assert s3_archive.put(KEY, a_body(LARGE[::-1])) == stored(LARGE)
    assert trouble.sent == []


TROUBLES: list[tuple[int, str] | str] = ["lost", "cut", (503, "SlowDown"), (500, "InternalError")]
TRIED_AGAIN = [*TROUBLES, (409, "ConditionalRequestConflict")]


@pytest.mark.parametrize("trouble", TRIED_AGAIN, ids=str)
def test_a_small_put_survives_one_trouble(
    s3: Any, s3_archive: S3Archive, bucket: str, trouble: tuple[int, str] | str
) -> None:
    Trouble(s3, "PutObject").script = [trouble]
    assert s3_archive.put(KEY, a_body()) == stored(SMALL)
    assert content(s3_archive) == SMALL
    assert versions(s3, bucket) == 1


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload", "HeadObject"])
def test_a_large_put_survives_one_trouble(
    s3: Any, s3_archive: S3Archive, bucket: str, operation: str, trouble: tuple[int, str] | str
) -> None:
    Trouble(s3, operation).script = [trouble]
    assert s3_archive.put(KEY, a_body(LARGE)) == stored(LARGE)
    assert content(s3_archive) == LARGE
    assert (versions(s3, bucket), uploads(s3, bucket)) == (1, [])


@pytest.mark.parametrize("answer", [(412, "PreconditionFailed"), (404, "NoSuchUpload")], ids=str)
def test_our_own_completion_is_recognised_without_reading_it_back(
    s3: Any, s3_archive: S3Archive, answer: tuple[int, str]
) -> None:
    # ministack completes an upload twice; S3 may say that it is taken, or used up.
    Trouble(s3, "CompleteMultipartUpload").script = ["lost", answer]
    reads = Trouble(s3, "GetObject")
    assert s3_archive.put(KEY, a_body(LARGE)) == stored(LARGE)
    assert reads.sent == []


@pytest.mark.parametrize("answer", [None, (409, "ConditionalRequestConflict")], ids=str)
def test_a_completion_that_lost_against_another_writer_adopts_theirs(
    s3: Any, s3_archive: S3Archive, bucket: str, answer: tuple[int, str] | None
) -> None:
    def chunks() -> Iterator[bytes]:
        yield LARGE
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"theirs")

    Trouble(s3, "CompleteMultipartUpload").script = [answer]
    assert s3_archive.put(KEY, Body(chunks(), "image/jpeg", None)) == stored(b"theirs")
    assert uploads(s3, bucket) == []


def test_a_completion_in_conflict_with_nobody_stores_nothing(
    s3: Any, s3_archive: S3Archive, bucket: str
) -> None:
    Trouble(s3, "CompleteMultipartUpload").script = [(409, "ConditionalRequestConflict")]
    with pytest.raises(ArchiveUnavailable):
        s3_archive.put(KEY, a_body(LARGE))
    assert (versions(s3, bucket), uploads(s3, bucket)) == (0, [])


@pytest.mark.parametrize("operation", ["PutObject", "CreateMultipartUpload", "UploadPart", "HeadObject"])
def test_a_service_that_stays_away_leaves_nothing(
    s3: Any, s3_archive: S3Archive, bucket: str, operation: str
) -> None:
    trouble = Trouble(s3, operation)
    trouble.script = ["cut"] * 9
    with pytest.raises(ArchiveUnavailable, match="storing instagram"):
        s3_archive.put(KEY, a_body(SMALL if operation == "PutObject" else LARGE))
    assert len(trouble.sent) == 4, "one layer of retries, and a bounded one"
    trouble.script.clear()
    assert (versions(s3, bucket), uploads(s3, bucket)) == (0, [])


def test_a_killed_upload_is_ended_by_the_next_of_its_key(s3: Any, s3_archive: S3Archive, bucket: str) -> None:
    for key in (KEY, KEY, f"{KEY}x"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    s3_archive.put(KEY, a_body(LARGE))
    assert uploads(s3, bucket) == [f"{KEY}x"]


@pytest.mark.parametrize("tagged", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_document_survives_one_trouble(
    s3: Any, s3_archive: S3Archive, trouble: tuple[int, str] | str, tagged: bool
) -> None:
    tag = None
    if tagged:
        s3_archive.write(DOCUMENT, b"old", tag=None)
        _, tag = s3_archive.read(DOCUMENT) or pytest.fail("lost")
    Trouble(s3, "PutObject").script = [trouble]
    s3_archive.write(DOCUMENT, b"new", tag=tag)
    assert (s3_archive.read(DOCUMENT) or (b"", ""))[0] == b"new"


def test_a_document_in_conflict_is_read_again_by_its_writer(s3: Any, s3_archive: S3Archive) -> None:
    Trouble(s3, "PutObject").script = [(409, "ConditionalRequestConflict")]
    with pytest.raises(ArchiveConflict):
        s3_archive.write(DOCUMENT, b"new", tag=None)


def test_s3_checks_the_bytes_it_was_given(s3: Any, s3_archive: S3Archive) -> None:
    def flip(params: dict[str, Any], **_: Any) -> None:
        params["body"] = params["body"].getvalue()[::-1]

    s3.meta.events.register("before-call.s3.PutObject", flip)
    with pytest.raises(ArchiveUnavailable):
        s3_archive.put(KEY, a_body())
    assert list(s3_archive.list("")) == []


def test_a_listing_goes_on_over_pages(s3_archive: S3Archive, s3: Any, bucket: str) -> None:
    keys = [f"instagram/{number:04}/media.json" for number in range(1001)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"{}"), keys))
    assert [it.key for it in s3_archive.list("instagram/")] == keys


def test_a_read_that_breaks_off_is_unavailable(s3: Any, s3_archive: S3Archive) -> None:
    Trouble(s3, "GetObject").script = ["cut"] * 9
    for read in (s3_archive.read, content_of(s3_archive)):
        with pytest.raises(ArchiveUnavailable):
            read(KEY)


def content_of(archive: Archive) -> Callable[[str], bytes]:
    return lambda key: content(archive, key)


# A folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


KILLED = """
import os, pathlib, sys
from everyday.adapters.folder import FolderArchive
from everyday.photos.ports import Body

def chunks():
    yield b"half"
    os._exit(9)

FolderArchive(pathlib.Path(sys.argv[1])).put(sys.argv[2], Body(chunks(), "image/jpeg", None))
"""


def test_what_a_killed_run_left_is_never_listed_and_swept_later(folder: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, folder, KEY]).returncode == 9
    assert len(list(folder.rglob("*.partial"))) == 1
    archive = FolderArchive(folder)
    assert list(archive.list("")) == []
    assert archive.put(KEY, a_body()) == stored(SMALL)
    assert list(folder.rglob("*.partial")) == []


def test_what_somebody_else_is_writing_is_not_swept(folder: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        FolderArchive(folder).put(DOCUMENT, a_body())
        yield b"second"

    assert FolderArchive(folder).put(KEY, Body(chunks(), "image/jpeg", None)) == stored(b"firstsecond")


@pytest.mark.parametrize(
    "key",
    [
        "../out",
        "a/../../out",
        "/etc/passwd",
        "a//b",
        "",
        "a/",
        ".lock",
        "a/.b",
        "a\\b",
        "a\0b",
        "x.partial",
        "ä",
    ],
)
def test_a_key_never_leaves_the_folder(folder: Path, key: str) -> None:
    archive = FolderArchive(folder)
    for use in (lambda: archive.put(key, a_body()), lambda: archive.write(key, b"", tag=None)):
        with pytest.raises(SettingsError, match="not a key"):
            use()
    assert list(folder.parent.rglob("*")) == []


def test_a_file_system_without_links_overwrites_nothing_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    archive = FolderArchive(folder)
    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(lambda n: archive.put(KEY, a_body(b"%d" % n)), range(16)))
    assert results == {stored(content(archive))}
    assert [it.name for it in (folder / KEY).parent.iterdir()] == ["1.jpg"]


def test_a_full_disk_is_said_plainly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = FolderArchive(folder)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArchiveUnavailable, match="No space left"):
        archive.put(KEY, a_body())
    assert list(archive.list("")) == []


# Size


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_memory_does_not_grow_with_the_object(
    request: pytest.FixtureRequest, folder: Path, kind: str
) -> None:
    archive: Archive = FolderArchive(folder) if kind == "folder" else request.getfixturevalue("s3_archive")
    megabyte = bytes(2**20)
    archive.put("warm", a_body(LARGE))
    tracemalloc.start()
    try:
        archive.put(KEY, Body((megabyte for _ in range(200)), "video/mp4", 200 * 2**20))
        with archive.open(KEY) as body:
            assert sum(map(len, body.chunks)) == 200 * 2**20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * PART_BYTES


def test_every_trouble_is_one_of_ours(s3: Any, s3_archive: S3Archive) -> None:
    Trouble(s3).script = [(403, "AccessDenied")] * 9
    for call in (
        lambda: s3_archive.put(KEY, a_body()),
        lambda: s3_archive.read(KEY),
        lambda: s3_archive.write(KEY, b"", tag=None),
        lambda: content(s3_archive),
        lambda: list(s3_archive.list("")),
    ):
        with pytest.raises(EverydayError, match="AccessDenied"):
            call()
