"""What each function is told by its environment: the stack writes it and the function reads it.

A field's name in capitals is the variable's name; tuples are joined by commas.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Self, get_type_hints

import msgspec

from everyday.errors import SettingsError


class Settings(msgspec.Struct, frozen=True):
    """Base of the settings types."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingsError naming the variable that is missing or malformed."""
        hints = get_type_hints(cls)
        given = {name: env[name.upper()] for name in hints if name.upper() in env}
        values = {
            name: _split(text) if hints[name] == tuple[str, ...] else text for name, text in given.items()
        }
        try:
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(
                f"{cls.__name__}: {error} (each field is the variable of that name in capitals)"
            ) from error

    def to_env(self) -> dict[str, str]:
        """The inverse, used by the stack. Values that are None are left out."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name.upper(): _text(value) for name, value in values.items() if value is not None}


def _split(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


class BackupSettings(Settings, frozen=True, kw_only=True):
    """`photo_backup`. Sizes in bytes. `media_origins` are patterns such as `https://*.cdninstagram.com`.

    `walk_days`: a complete walk through the listing (the only way to see edits and deletions of older
    media) is due when the last one ended that many days ago. `post_since`: media taken earlier are stored and
    not meant for the blog.
    """

    catalog_table: str
    archive_bucket: str
    bus_name: str
    instagram_secret: str
    instagram_url: str
    media_origins: tuple[str, ...]
    max_file_bytes: int
    concurrency: int = 16
    page_size: int = 50
    walk_days: int = 7
    post_since: datetime | None = None


class PostSettings(Settings, frozen=True, kw_only=True):
    """`photo_post`. `post_since`: media taken earlier are kept and not posted. Sizes in bytes."""

    catalog_table: str
    archive_bucket: str
    ghost_secret: str
    ghost_url: str
    post_status: str = "draft"
    post_tags: tuple[str, ...] = ()
    post_author: str | None = None
    feature_image: bool = True
    post_since: datetime | None = None
    max_video_bytes: int = 200_000_000


class TokenSettings(Settings, frozen=True, kw_only=True):
    """`token_refresh`."""

    instagram_secret: str
    instagram_url: str


class IngestSettings(Settings, frozen=True, kw_only=True):
    """`job_ingest`. `clusters`: the first is the default of a job that names none. `class_step_seconds`: how
    much waiting one class is worth against the next. `ecs_url` None: AWS's own address."""

    jobs_table: str
    wake_queue_url: str
    dead_letters_url: str
    clusters: tuple[str, ...]
    families: tuple[str, ...]
    class_step_seconds: int = 21_600
    keep_days: int = 30
    ecs_url: str | None = None


class ClusterSettings(Settings, frozen=True, kw_only=True):
    """What `cluster_snapshot` and `job_scheduler` share. `state_secret` None: Valkey asks for no password
    (local mode). `state_url` is `rediss://host:port`, without TLS `redis://`."""

    jobs_table: str
    wake_queue_url: str
    events_queue_url: str
    clusters: tuple[str, ...]
    state_url: str
    state_secret: str | None = None
    keep_days: int = 30
    ecs_url: str | None = None


class SchedulerSettings(ClusterSettings, frozen=True, kw_only=True):
    """`job_scheduler`. `dead_letters_url`: where jobs that can never run go. `policies`: of high, normal and
    low. `weights`: `queue=weight` each. `groups`: each `cluster=name of the Auto Scaling group` whose size
    follows the queue."""

    dead_letters_url: str
    policies: tuple[str, ...] = ("reserve", "reserve", "reserve")
    weights: tuple[str, ...] = ()
    fairness_seconds: int = 3600
    starve_after_seconds: int = 3600
    waiting_limit: int = 2000
    groups: tuple[str, ...] = ()


class SiteSettings(Settings, frozen=True, kw_only=True):
    """`site_publish`, and every command of `everyday site`, for one site.

    `rules` is the JSON of the owner's `SiteRules`. `site_url` is what visitors type. The addresses below it
    are None for AWS's own; `visit_url` is where the site answers when its name does not lead there (local
    mode).
    """

    site: str
    bucket: str
    key_value_store: str
    distribution: str
    site_url: str
    rules: str = "{}"
    visit_url: str | None = None
    key_value_store_url: str | None = None
    cdn_url: str | None = None
    pipeline_url: str | None = None


class CloudtopSettings(Settings, frozen=True, kw_only=True):
    """`cloudtop_keeper`, and every command of `everyday cloudtop`.

    `fleets`: each `zone=id`, of Spot Fleet requests or names of Auto Scaling groups, by `engine`. `zone` and
    `volume`: the home before any move. `volume` is made with the stack. `ec2_url` None: AWS's own address.
    `domain`: the stable name, a record of `hosted_zone`; empty: there is none.
    """

    name: str
    table: str
    engine: str
    fleets: tuple[str, ...]
    zone: str
    volume: str
    alarm_topic: str
    fallback: bool = True
    patience_seconds: int = 300
    offer_move_seconds: int = 1800
    failures: int = 3
    hosted_zone: str = ""
    domain: str = ""
    ec2_url: str | None = None
