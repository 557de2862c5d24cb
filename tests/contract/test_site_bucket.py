"""One set of promises over every Bucket of a site, and what only S3 can get wrong."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4
from weakref import WeakSet

import boto3
import pytest
from awscrt.s3 import S3RetryConfig

from everyday.adapters.aws import client_config
from everyday.adapters.site_bucket import LARGE_BYTES, S3Bucket
from everyday.adapters.site_upload import Place, Uploader
from everyday.errors import BucketUnavailable, SiteConflict, SiteRefused
from everyday.site.model import Headers
from everyday.site.names import MANIFEST
from everyday.site.ports import Upload
from tests.contract.conftest import Trouble
from tests.s3_stub import Stub, serving

CSS = Headers("text/css; charset=utf-8", "public, max-age=315360000, immutable")
HTML = Headers("text/html; charset=utf-8", "no-cache")
ODD = "assets/a b/#1 100%?+&=ü/läst.k3v9x2m4qa.css"
IN_A_MINUTE = timedelta(minutes=1)


def an_upload(key: str, data: bytes = b"a{}", headers: Headers = CSS) -> Upload:
    return Upload(key, lambda: data, len(data), sha256(data).digest(), headers)


def ignore(_: object) -> None: ...


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with serving() as stub:
        yield stub


@pytest.fixture
def s3(stub: Stub, boto_session: boto3.Session) -> S3Bucket:
    """A bucket in our own strict S3, without troubles and with nothing in it."""
    stub.objects.versions.clear()
    stub.counts.clear()
    stub.fault = lambda kind, key: None
    return at(stub.url, "site", boto_session)


def at(url: str, name: str, session: boto3.Session) -> S3Bucket:
    client = session.client("s3", endpoint_url=url, config=client_config(connections=32))
    bucket = S3Bucket(client, name, session)
    place = Place(url=url, region="us-east-1", bucket=name)
    quick = S3RetryConfig(max_retries=6, backoff_scale_factor_ms=5, initial_bucket_capacity=1_000_000)
    bucket.uploader = Uploader(session, place, retries=quick)
    return bucket


@pytest.fixture(params=["stub", "ministack"])
def bucket(request: pytest.FixtureRequest, boto_session: boto3.Session) -> S3Bucket:
    if request.param == "stub":
        found: S3Bucket = request.getfixturevalue("s3")
        return found
    url = request.getfixturevalue("ministack")
    client = boto_session.client("s3", endpoint_url=url)
    name = f"site-{uuid4().hex}"
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return at(url, name, boto_session)


def keys(bucket: S3Bucket, prefix: str = "") -> list[str]:
    return [it.key for it in bucket.listing(prefix)]


def test_what_was_uploaded_is_there_under_any_name(bucket: S3Bucket, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"from a file")
    sent = [
        an_upload(ODD, b"odd"),
        an_upload("pages/index.html/abc", b"", HTML),
        Upload("assets/file", file, 11, sha256(b"from a file").digest(), CSS),
    ]
    done: list[Upload] = []
    bucket.upload(sent, done.append)
    assert sorted(it.key for it in done) == sorted(it.key for it in sent)
    assert [bucket.read(key)[0] for key in (ODD, "pages/index.html/abc", "assets/file")] == [  # type: ignore[index]
        b"odd",
        b"",
        b"from a file",
    ]
    assert keys(bucket, "pages/") == ["pages/index.html/abc"]


def test_uploading_again_changes_nothing_for_readers(bucket: S3Bucket) -> None:
    for _ in range(2):
        bucket.upload([an_upload(ODD)], ignore)
    assert [(it.key, it.size) for it in bucket.listing("")] == [(ODD, 3)]


def test_only_one_of_two_publishers_writes_the_manifest(bucket: S3Bucket) -> None:
    first = bucket.write(MANIFEST, b"1", tag=None)
    with pytest.raises(SiteConflict):
        bucket.write(MANIFEST, b"other", tag=None)
    second = bucket.write(MANIFEST, b"2", tag=first)
    with pytest.raises(SiteConflict):
        bucket.write(MANIFEST, b"other", tag=first)
    assert bucket.read(MANIFEST) == (b"2", second)


def test_a_document_that_is_not_there_is_none(bucket: S3Bucket) -> None:
    assert bucket.read(MANIFEST) is None


def test_changed_headers_keep_the_bytes(bucket: S3Bucket) -> None:
    bucket.upload([an_upload(ODD, b"same")], ignore)
    done: list[str] = []
    bucket.change_headers({ODD: HTML}, done.append)
    assert done == [ODD]
    assert bucket.read(ODD)[0] == b"same"  # type: ignore[index]
    client: Any = bucket._client
    head = client.head_object(Bucket=bucket._bucket, Key=ODD)
    assert (head["ContentType"], head["CacheControl"]) == (HTML.content_type, HTML.cache_control)


def test_what_is_old_is_deleted_for_good_and_nothing_else(bucket: S3Bucket) -> None:
    bucket.upload([an_upload("assets/a"), an_upload("assets/ab"), an_upload("assets/b")], ignore)
    later, earlier = datetime.now(UTC) + IN_A_MINUTE, datetime.now(UTC) - IN_A_MINUTE
    assert bucket.delete_older({"assets/a": later, "assets/b": earlier, "assets/none": later}) == 1
    assert keys(bucket) == ["assets/ab", "assets/b"]
    client: Any = bucket._client
    versions = client.list_object_versions(Bucket=bucket._bucket, Prefix="assets/a")
    assert [it["Key"] for it in versions["Versions"]] == ["assets/ab"]


def test_deleting_again_deletes_nothing(bucket: S3Bucket) -> None:
    bucket.upload([an_upload("assets/a")], ignore)
    later = datetime.now(UTC) + IN_A_MINUTE
    assert [bucket.delete_older({"assets/a": later}) for _ in range(2)] == [1, 0]


# What only S3 can get wrong


def test_a_version_stored_since_stays_when_older_ones_go(s3: S3Bucket, stub: Stub) -> None:
    now = datetime(2026, 1, 1, 12, 0, 0, 900_000, UTC)
    stub.objects.clock = lambda: now - timedelta(hours=1)
    s3.upload([an_upload("assets/a", b"old")], ignore)
    stub.objects.clock = lambda: now  # told as 12:00:00, which is before the half second
    s3.upload([an_upload("assets/a", b"new")], ignore)
    stub.objects.clock = lambda: datetime.now(UTC)
    assert s3.delete_older({"assets/a": now - timedelta(seconds=0.4)}) == 1
    assert [it.body for it in stub.objects.versions["assets/a"]] == [b"new"]


def test_more_versions_than_a_page_are_all_deleted(s3: S3Bucket, stub: Stub) -> None:
    for number in range(1100):
        stub.objects.store("assets/a", b"%d" % number, {})
    s3.delete_older({"assets/a": datetime.now(UTC) + IN_A_MINUTE})
    assert stub.objects.versions == {}
    assert stub.counts["DeleteObjects"] == 2


@pytest.mark.parametrize("fault", ["slow", "error", "reset", "lost"])
def test_a_storm_of_passing_faults_is_ridden_out(s3: S3Bucket, stub: Stub, fault: Any) -> None:
    asked: dict[str, int] = {}

    def twice(kind: str, key: str) -> Any:
        asked[key] = asked.get(key, 0) + 1
        return fault if asked[key] <= 2 else None

    stub.fault = twice
    sent = [an_upload(f"assets/{number}", b"%d" % number) for number in range(300)]
    s3.upload(sent, ignore)
    assert stub.bodies() == {it.key: it.body() for it in sent}  # type: ignore[operator]
    assert set(asked.values()) == {3}


def test_a_request_that_nobody_answers_is_sent_again(s3: S3Bucket, stub: Stub) -> None:
    s3.uploader.silence = 0.4
    silent = iter(["silent", "silent"])
    stub.fault = lambda kind, key: next(silent, None) if key == "assets/1" else None  # type: ignore[return-value]
    s3.upload([an_upload("assets/1"), an_upload("assets/2")], ignore)
    assert set(stub.bodies()) == {"assets/1", "assets/2"}
    assert stub.counts["PutObject"] == 4


def test_a_server_that_is_silent_for_good_is_named(s3: S3Bucket, stub: Stub) -> None:
    s3.uploader.silence = 0.4
    stub.fault = lambda kind, key: "silent"
    with pytest.raises(BucketUnavailable, match="storing assets/1: no answer"):
        s3.upload([an_upload("assets/1")], ignore)


def test_a_slow_line_is_not_taken_for_silence(s3: S3Bucket, stub: Stub) -> None:
    s3.uploader.silence, stub.delay = 0.1, 0.6
    try:
        s3.upload([an_upload("assets/1", b"x" * 2**18)], ignore)
    finally:
        stub.delay = 0.0
    assert stub.counts["PutObject"] == 1


def test_a_file_that_changed_since_is_refused_and_the_key_named(s3: S3Bucket, stub: Stub) -> None:
    wrong = an_upload("assets/x")._replace(body=lambda: b"b{}")
    with pytest.raises(BucketUnavailable, match="assets/x: BadDigest; the file changed"):
        s3.upload([wrong], ignore)
    assert stub.bodies() == {}


def test_a_file_that_is_gone_is_named(s3: S3Bucket, tmp_path: Path) -> None:
    gone = an_upload("assets/x")._replace(body=tmp_path / "gone")
    with pytest.raises(BucketUnavailable, match="storing assets/x"):
        s3.upload([gone], ignore)


def test_after_a_failure_nothing_more_is_begun(s3: S3Bucket, stub: Stub) -> None:
    stub.fault = lambda kind, key: "digest" if key == "assets/0" else None
    begun: list[int] = []

    def uploads() -> Iterator[Upload]:
        for number in range(100_000):
            begun.append(number)
            yield an_upload(f"assets/{number}")

    with pytest.raises(BucketUnavailable, match="assets/0"):
        s3.upload(uploads(), ignore)
    assert len(begun) < 10_000
    assert len(stub.bodies()) >= len(begun) - 2  # what was under way has ended


def test_what_the_caller_raises_comes_back_to_it(s3: S3Bucket) -> None:
    def broken(_: Upload) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        s3.upload([an_upload("assets/x")], broken)

    def stops() -> Iterator[Upload]:
        yield an_upload("assets/y")
        raise KeyError("mine too")

    with pytest.raises(KeyError):
        s3.upload(stops(), ignore)


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (an_upload("assets/" + "n" * 1018), "too long"),
        (an_upload("assets/x")._replace(size=6 * 2**30), "too large"),
        (an_upload("assets/x", headers=Headers("text/css", "a\r\nx-other: 1")), "ASCII"),
        (an_upload("assets/x", headers=Headers("text/css", "für immer")), "ASCII"),
    ],
)
def test_what_s3_would_not_take_is_refused_by_name(s3: S3Bucket, upload: Upload, said: str) -> None:
    with pytest.raises(SiteRefused, match=rf"^(n+|x): .*{said}"):
        s3.upload([upload], ignore)


def test_bodies_are_made_when_they_are_sent_and_gone_when_they_were(
    s3: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: WeakSet[Any] = WeakSet()
    most = 0

    class Watched(BytesIO):
        def __init__(self, data: bytes) -> None:
            nonlocal most
            super().__init__(data)
            alive.add(self)
            most = max(most, len(alive))

    monkeypatch.setattr("everyday.adapters.site_upload.BytesIO", Watched)
    data = b"x" * 2**20
    s3.upload((an_upload(f"assets/{number % 3}", data) for number in range(300)), ignore)
    assert most < 2 * 32  # MiB: the window, and those that the runtime is about to let go
    ending = Event()
    assert any(not alive or ending.wait(0.01) for _ in range(1000)), f"{len(alive)} are held"


def test_a_large_file_is_sent_whole(s3: S3Bucket, stub: Stub, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(os.urandom(2**20) * (LARGE_BYTES // 2**20) + b"more")
    digest = sha256(file.read_bytes()).digest()
    done: list[Upload] = []
    s3.upload([Upload("assets/large", file, file.stat().st_size, digest, CSS)], done.append)
    assert sha256(stub.bodies()["assets/large"]).digest() == digest
    assert len(done) == stub.counts["PutObject"] == 1
    file.write_bytes(b"x" * file.stat().st_size)
    with pytest.raises(BucketUnavailable, match="assets/large"):
        s3.upload([Upload("assets/large", file, file.stat().st_size, digest, CSS)], done.append)


def test_our_own_write_whose_reply_was_lost_is_no_conflict(
    bucket_with_client: tuple[S3Bucket, Any],
) -> None:
    bucket, made = bucket_with_client
    trouble = Trouble(made, "PutObject")
    trouble.script = ["lost"]
    tag = bucket.write(MANIFEST, b"1", tag=None)
    assert bucket.read(MANIFEST) == (b"1", tag)
    assert trouble.sent == ["PutObject"] * 2


@pytest.fixture
def bucket_with_client(
    s3: S3Bucket, stub: Stub, boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> tuple[S3Bucket, Any]:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    made = boto_session.client("s3", endpoint_url=stub.url, config=client_config())
    return S3Bucket(made, "site", boto_session), made


def test_an_address_is_aws_own_for_each_bucket_and_a_path_elsewhere() -> None:
    aws = Place(url="https://s3.eu-west-1.amazonaws.com", region="eu-west-1", bucket="b")
    assert (aws.host, aws.path("a b/ü")) == ("b.s3.eu-west-1.amazonaws.com", "/a%20b/%C3%BC")
    here = Place(url="http://127.0.0.1:4566", region="us-east-1", bucket="b")
    assert (here.host, here.path("~a%")) == ("127.0.0.1:4566", "/b/~a%25")


def test_too_many_at_once_are_never_under_way(stub: Stub, boto_session: boto3.Session) -> None:
    stub.most = 0
    place = Place(url=stub.url, region="us-east-1", bucket="site")
    uploader = Uploader(boto_session, place, connections=8)
    uploader.send((an_upload(f"assets/{number}") for number in range(200)), ignore)
    assert stub.most <= 8
