"""Sites in memory: bucket, edge and visitor of two sites, a pipeline that a test plays, and a clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from everyday.adapters.memory_edge import MemoryCdn, MemoryPointer, MemoryVisitor
from everyday.adapters.memory_site import MemoryBucket
from everyday.settings import SiteSettings
from everyday.site.confirming import Patience
from everyday.site.model import SiteRules
from everyday.site.publishing import Publishing, World
from everyday.site.pushing import Pusher
from everyday_cli import site_stores
from stacks.site_outputs import SiteOutput


class Run(NamedTuple):
    """An execution of the pipeline."""

    id: str
    status: str


class Step(NamedTuple):
    """An action of it."""

    name: str
    status: str
    said: str


class Pipeline:
    """Plays `steps`; ends as `status` says. `pushed` are the zips."""

    def __init__(self) -> None:
        self.status = "Succeeded"
        self.steps = [Step("Source", "Succeeded", ""), Step("Publish", "Succeeded", "live")]
        self.pushed: list[bytes] = []

    def push(self, archive: Path, digest: bytes) -> str:
        self.pushed.append(archive.read_bytes())
        return f"v{len(self.pushed)}"

    def started_by(self, version: str) -> Run | None:
        return Run("e1", "InProgress") if version == f"v{len(self.pushed)}" else None

    def execution(self, execution_id: str) -> Run:
        return Run(execution_id, self.status)

    def actions(self, execution_id: str) -> list[Step]:
        return self.steps


class Site:
    """One site's outside. `hears` False: the edge does not answer with what is new."""

    def __init__(self, name: str) -> None:
        self.now = datetime(2026, 11, 23, 22, 15, tzinfo=UTC)
        self.bucket = MemoryBucket(self.clock)
        self.pointer = MemoryPointer()
        self.visitor = MemoryVisitor(self.bucket, self.pointer)
        self.hears = True
        self.ids = iter(f"k{number}" for number in range(100))
        self.output = SiteOutput(
            settings=SiteSettings(
                site=name,
                bucket=f"{name}-bucket",
                key_value_store="arn",
                distribution="E1",
                site_url=f"https://{name}.example.com",
            ),
            function="f",
            pipeline=f"everyday-{name}",
            uploads="uploads",
            upload_key=f"{name}.zip",
        )

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def visit(self, path: str, *, release: str | None = None) -> Any:
        return self.visitor.visit(path, release=release) if self.hears else None

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def world(self) -> World:
        return World(
            bucket=self.bucket,
            pointer=self.pointer,
            cdn=MemoryCdn(),
            visitor=self,
            patience=Patience(self.clock, self.sleep, lambda: 0.5),
            new_id=lambda: next(self.ids),
        )


@dataclass
class Sites:
    """What a stage has."""

    sites: dict[str, Site] = field(default_factory=lambda: {name: Site(name) for name in ("blog", "shop")})
    pipeline: Pipeline = field(default_factory=Pipeline)
    rules: SiteRules = field(default_factory=lambda: SiteRules(confirm_seconds=20))


class MemoryTarget(site_stores.Target):
    """A Target over the sites of the running test."""

    stores: Sites

    @cached_property
    def sites(self) -> Mapping[str, SiteOutput]:
        return {name: each.output for name, each in self.stores.sites.items()}

    def publishing(self, place: SiteOutput, progress: Any = None) -> Publishing:
        name = place.settings.site
        return Publishing(name, self.stores.rules, self.stores.sites[name].world(), progress)

    def pusher(self, place: SiteOutput) -> Pusher:
        pipeline = self.stores.pipeline
        return Pusher(place.settings.site, pipeline, pipeline, lambda _: None)
