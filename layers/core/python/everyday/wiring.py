"""The composition root: settings in, use cases out. Nothing connects before it is used.

`session` None: what the environment says, as in a Lambda. AWS's library is imported only where it is needed:
a folder's archive has nothing to do with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from everyday.clients import client, default_session
from everyday.clients import new_id as new_id
from everyday.clients import now as now
from everyday.photos.backup import Backup, BackupOptions
from everyday.photos.messages import SOURCE
from everyday.photos.model import Origin
from everyday.photos.ports import Archive, Catalog, Source
from everyday.photos.posting import Posting, PostOptions
from everyday.photos.token import TokenKeeper
from everyday.ports import Secrets
from everyday.settings import BackupSettings, PostSettings, TokenSettings

if TYPE_CHECKING:
    import boto3

    from everyday.adapters.ghost import GhostBlog
    from everyday.adapters.instagram_token import TokenApi

_FOLDER_MAX_FILE_BYTES = 4_000_000_000


def backup(
    settings: BackupSettings,
    session: "boto3.Session | None" = None,
    *,
    exports: Sequence[Path] = (),
    complete: bool = False,
) -> Backup:
    """A backup into the stage's archive: of the exports if there are any, else of the API."""
    from everyday.adapters.events import EventBridgeEvents

    session = session or default_session()
    events = client(session, "events")
    return Backup(
        source=_export(exports) if exports else _graph(settings, session),
        archive=archive(settings, session),
        catalog=catalog(settings, session),
        events=EventBridgeEvents(events, settings.bus_name, SOURCE),
        clock=now,
        options=BackupOptions(
            max_file_bytes=settings.max_file_bytes,
            origin=Origin.EXPORT if exports else Origin.API,
            concurrency=settings.concurrency,
            walk_days=settings.walk_days,
            complete=complete,
            post_since=settings.post_since,
        ),
        new_id=new_id,
    )


def posting(settings: PostSettings, session: "boto3.Session | None" = None) -> Posting:
    """Posting from the stage's archive on the owner's blog."""
    session = session or default_session()
    return Posting(
        archive=archive(settings, session),
        catalog=catalog(settings, session),
        blog=blog(settings, session),
        clock=now,
        options=PostOptions(
            status=settings.post_status,
            tags=settings.post_tags,
            author=settings.post_author,
            feature_image=settings.feature_image,
            since=settings.post_since,
            max_video_bytes=settings.max_video_bytes,
        ),
        new_id=new_id,
    )


def token_keeper(settings: TokenSettings, session: "boto3.Session | None" = None) -> TokenKeeper:
    """Keeps the stage's Instagram token alive."""
    return TokenKeeper(secrets(session), token_api(settings), now, settings.instagram_secret)


def token_api(settings: TokenSettings) -> "TokenApi":
    """Instagram's calls about tokens."""
    from everyday.adapters.graph_http import GraphHttp
    from everyday.adapters.instagram_token import TokenApi

    return TokenApi(GraphHttp(settings.instagram_url))


def archive(settings: BackupSettings | PostSettings, session: "boto3.Session | None" = None) -> Archive:
    """The stage's archive."""
    from everyday.adapters.s3 import S3Archive

    # A backup has as many threads for records as for files, and both write here.
    connections = 2 * settings.concurrency if isinstance(settings, BackupSettings) else 1
    return S3Archive(client(session, "s3", connections=connections), settings.archive_bucket)


def catalog(settings: BackupSettings | PostSettings, session: "boto3.Session | None" = None) -> Catalog:
    """The stage's catalog."""
    from everyday.adapters.dynamodb import DynamoCatalog

    connections = settings.concurrency if isinstance(settings, BackupSettings) else 1
    return DynamoCatalog(client(session, "dynamodb", connections=connections), settings.catalog_table)


def blog(
    settings: PostSettings, session: "boto3.Session | None" = None, *, key: str | None = None
) -> "GhostBlog":
    """The owner's blog; `key` tries an Admin API key that is not stored yet."""
    from everyday.adapters.ghost import GhostBlog, key_from

    read_key = (lambda: key) if key else key_from(secrets(session), settings.ghost_secret)
    return GhostBlog(settings.ghost_url, read_key, clock=now)


def secrets(session: "boto3.Session | None" = None) -> Secrets:
    """The stage's secrets."""
    from everyday.adapters.secrets import SecretsManagerSecrets

    return SecretsManagerSecrets(client(session, "secretsmanager"))


def folder_backup(folder: Path, exports: Sequence[Path]) -> Backup:
    """A backup of data exports into a folder, with no AWS at all."""
    return Backup(
        source=_export(exports),
        archive=folder_archive(folder),
        catalog=folder_catalog(folder),
        events=_Unheard(),
        clock=now,
        options=BackupOptions(
            max_file_bytes=_FOLDER_MAX_FILE_BYTES, origin=Origin.EXPORT, concurrency=4, complete=True
        ),
        new_id=new_id,
    )


def folder_archive(folder: Path) -> Archive:
    """The archive in a folder."""
    from everyday.adapters.folder import FolderArchive

    return FolderArchive(folder)


def folder_catalog(folder: Path) -> Catalog:
    """The catalog in a folder."""
    from everyday.adapters.folder_catalog import FolderCatalog

    return FolderCatalog(folder)


def _export(paths: Sequence[Path]) -> Source:
    from everyday.adapters.export import ExportSource

    return ExportSource(paths)


def _graph(settings: BackupSettings, session: "boto3.Session") -> Source:
    from everyday.adapters.graph_http import GraphHttp
    from everyday.adapters.instagram import GraphSource, secret_token
    from everyday.adapters.media_http import MediaDownloads

    return GraphSource(
        GraphHttp(settings.instagram_url),
        token=secret_token(secrets(session), settings.instagram_secret),
        media=MediaDownloads(
            settings.media_origins, max_bytes=settings.max_file_bytes, concurrency=settings.concurrency
        ),
        page_size=settings.page_size,
    )


class _Unheard:
    """Events of a folder: nobody listens."""

    def publish(self, kind: str, details: Iterable[Mapping[str, Any]]) -> None: ...
