"""The two stages, the owner's AWS account and the local AWS on loopback, differ by these values only."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from everyday.errors import SettingsError
from stacks.config import Config
from stacks.layer_lock import DEPS, SITE, layer_folder
from stacks.local_limits import UNKNOWN_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`keeps`: buckets, tables and secrets outlive their stack. `free`: nothing costs anything, so every
    capability is deployed. `region` None: the one the CLI is told. `ecs_url` and `state_url` None: AWS's own
    address of ECS, and the Valkey server of the stack. `ecs_sources`: who sends ECS's events. `edge_url` and
    `pipeline_url` None: CloudFront and CodePipeline are AWS's; else what stands in for both.
    """

    name: Literal["aws", "local"]
    keeps: bool
    region: str | None
    layer: Path
    site_layer: Path
    instagram_url: str
    media_origins: tuple[str, ...]
    ghost_url: str
    ecs_sources: tuple[str, ...]
    free: bool = False
    ecs_url: str | None = None
    state_url: str | None = None
    edge_url: str | None = None
    pipeline_url: str | None = None
    unknown_types: frozenset[str] = frozenset()

    def knows(self, resource_type: str) -> bool:
        """Whether a resource of this type can be deployed here."""
        return resource_type not in self.unknown_types


def stage_of(config: Config, context: Callable[[str], Any]) -> Stage:
    """The stage that `-c stage=…` asks for. Raises SettingsError."""
    name = context("stage") or "aws"
    if name == "aws":
        return _aws(config)
    if name == "local":
        return _local(context)
    raise SettingsError(f'-c stage={name} is not a stage; allowed: "aws", "local"')


def _aws(config: Config) -> Stage:
    return Stage(
        name="aws",
        keeps=True,
        region=config.everyday.region,
        layer=layer_folder(DEPS, "aws"),
        site_layer=layer_folder(SITE, "aws"),
        instagram_url="https://graph.instagram.com",
        media_origins=("https://*.cdninstagram.com", "https://*.fbcdn.net"),
        ghost_url=config.photos.blog_url,
        ecs_sources=("aws.ecs",),
    )


def _local(context: Callable[[str], Any]) -> Stage:
    instagram_url = _address(context, "instagram_url")
    return Stage(
        name="local",
        keeps=False,
        region=None,
        layer=layer_folder(DEPS, "local"),
        site_layer=layer_folder(SITE, "local"),
        instagram_url=instagram_url,
        media_origins=(instagram_url,),
        ghost_url=_address(context, "ghost_url"),
        # Nobody but AWS may send events as aws.ecs, here as there.
        ecs_sources=("aws.ecs", "everyday.ecs"),
        free=True,
        ecs_url=_address(context, "ecs_url"),
        state_url=_address(context, "state_url", scheme="redis"),
        edge_url=_address(context, "edge_url"),
        pipeline_url=_address(context, "pipeline_url"),
        unknown_types=UNKNOWN_TYPES,
    )


def _address(context: Callable[[str], Any], name: str, *, scheme: str = "http") -> str:
    value = context(name)
    if not isinstance(value, str) or not value.startswith(f"{scheme}://127.0.0.1:"):
        raise SettingsError(f"the local stage needs -c {name}={scheme}://127.0.0.1:<port>, got {value!r}")
    return value
