"""The composition root builds what each function's settings describe, and connects to nothing by itself."""

import socket
from pathlib import Path
from typing import NoReturn

import boto3
import pytest

from everyday import wiring
from everyday.photos.model import Origin
from everyday.settings import BackupSettings, PostSettings, TokenSettings
from tests.builders import NOW

STORES = {"catalog_table": "catalog", "archive_bucket": "archive"}
BACKUP = BackupSettings(
    **STORES,
    bus_name="bus",
    instagram_secret="instagram",
    instagram_url="https://graph.instagram.com",
    media_origins=("https://*.cdninstagram.com",),
    max_file_bytes=123,
    concurrency=3,
    walk_days=9,
    post_since=NOW,
)
POST = PostSettings(
    **STORES,
    ghost_secret="ghost",
    ghost_url="https://blog.example.org",
    post_status="published",
    post_tags=("a", "b"),
    post_author="owner@example.org",
    post_since=NOW,
    max_video_bytes=456,
)
TOKEN = TokenSettings(instagram_secret="instagram", instagram_url="https://graph.instagram.com")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session with no network at all."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("connected while wiring")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return boto3.Session("test", "test", region_name="us-east-1")


def test_a_backup_is_built_from_its_settings(session: boto3.Session) -> None:
    options = wiring.backup(BACKUP, session, complete=True).options
    assert (options.max_file_bytes, options.concurrency, options.walk_days) == (123, 3, 9)
    assert (options.origin, options.complete, options.post_since) == (Origin.API, True, NOW)


def test_posting_is_built_from_its_settings(session: boto3.Session) -> None:
    options = wiring.posting(POST, session).options
    assert (options.status, options.tags, options.author) == ("published", ("a", "b"), "owner@example.org")
    assert (options.since, options.max_video_bytes) == (NOW, 456)


def test_a_token_keeper_connects_to_nothing_before_it_is_asked(session: boto3.Session) -> None:
    assert wiring.token_keeper(TOKEN, session)


def test_a_folder_needs_no_aws_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: boto3.Session
) -> None:
    monkeypatch.setattr(boto3.Session, "client", None)
    export = tmp_path / "export/your_instagram_activity/media"
    export.mkdir(parents=True)
    (export / "posts_1.json").write_text("[]")
    backup = wiring.folder_backup(tmp_path / "archive", [tmp_path / "export"])
    assert (backup.options.origin, backup.options.complete) == (Origin.EXPORT, True)
    assert backup.run().listed == 0
