"""Where a site command works: one of the sites of a stage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from everyday_cli.commands import stage_option
from everyday_cli.stage import Stage, StageError, resolve

if TYPE_CHECKING:
    from everyday.ports import Progress
    from everyday.site.publishing import Publishing
    from everyday.site.pushing import Pusher
    from stacks.site_outputs import SiteOutput

P = ParamSpec("P")
T = TypeVar("T")

_NO_SITE = {
    "aws": "no site is deployed; write a table such as [site.blog] into everyday.toml, then: make deploy",
    "local": "no site is deployed here; start over with: everyday local up",
}


@dataclass(frozen=True)
class Target:
    """What a command works on. A stage is looked up only when it is needed."""

    stage_name: str | None
    site_name: str | None

    @cached_property
    def stage(self) -> Stage:
        return resolve(self.stage_name)

    @cached_property
    def sites(self) -> "Mapping[str, SiteOutput]":
        """All sites of the stage by name. Raises StageError when there is none."""
        from stacks.site_outputs import sites

        found = sites(self.stage.outputs("EverydaySite"))
        if not found:
            raise StageError(_NO_SITE[self.stage.name])
        return found

    def site(self, folder: Path | None = None) -> "SiteOutput":
        """The site that is asked for: by name, else by the folder's name, else the only one.

        Raises a usage error that names the sites there are.
        """
        name = self.site_name or _named_like(folder, self.sites) or _only(self.sites)
        if name and name in self.sites:
            return self.sites[name]
        asked = f"there is no site {name}" if name else "which site? say --site NAME"
        raise click.UsageError(f"{asked}; there are: {', '.join(self.sites)}")

    def publishing(self, place: "SiteOutput", progress: "Progress | None" = None) -> "Publishing":
        """The use cases of a site, exactly as its function has them."""
        from everyday import site_wiring

        return site_wiring.publishing(place.settings, self.stage.session, progress=progress)

    def pusher(self, place: "SiteOutput") -> "Pusher":
        """Pushes zips to a site's pipeline."""
        from everyday import site_wiring

        return site_wiring.pusher(
            place.settings, place.uploads, place.upload_key, place.pipeline, self.stage.session
        )


def _named_like(folder: Path | None, sites: Mapping[str, Any]) -> str | None:
    name = folder.absolute().name if folder else None
    return name if name in sites else None


def _only(sites: Mapping[str, Any]) -> str | None:
    return next(iter(sites)) if len(sites) == 1 else None


def site_target(command: Callable[P, T]) -> Callable[..., T]:
    """Add `--stage` and `--site`; the command gets a Target as its keyword argument `target`."""

    @stage_option
    @click.option(
        "--site",
        "site_name",
        metavar="NAME",
        help="Default: the site named like the folder, or the only one.",
    )
    @wraps(command)
    def with_target(*args: Any, stage_name: str | None, site_name: str | None, **options: Any) -> T:
        options["target"] = Target(stage_name, site_name)
        return command(*args, **options)

    return with_target
