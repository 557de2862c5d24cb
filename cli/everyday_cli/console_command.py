"""`everyday console`: the owner's web page, on loopback."""

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from everyday_cli import cloudtop_stores, jobs_stores, site_stores
from everyday_cli.commands import Command
from everyday_cli.output import current
from everyday_cli.photos_stores import Target, target_options
from everyday_cli.stage import StageError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from everyday_console.site_pages import Sites


@click.command(cls=Command, examples="everyday console --port 8080")
@click.option("--port", type=click.IntRange(1, 65535), default=8484, show_default=True)
@click.option("--link", "links", type=(str, str), multiple=True, metavar="NAME ADDRESS", hidden=True)
@target_options
def console(target: Target, *, port: int, links: tuple[tuple[str, str], ...]) -> None:
    """Look at everything in a browser. Nobody but this machine can reach it; Ctrl-C ends it."""
    import uvicorn

    with _listening(port) as listener:
        app = app_of(target, dict(links))
        current().log(f"Console: http://127.0.0.1:{port}  (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):  # the normal end; uvicorn passes it on when it has closed
            uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def app_of(target: Target, addresses: dict[str, str]) -> "Starlette":
    """The pages of whatever the stage has; in a folder those of photos. Raises StageError for none at all."""
    from everyday_console.app import build

    if target.folder:
        return build(catalog=target.catalog, archive=target.archive, stage="folder", addresses=addresses)
    parts: dict[str, Any] = {}
    missing: list[StageError] = []
    for add in (_photos, _jobs, _cloudtop, _site):
        try:
            parts |= add(target, addresses)
        except StageError as error:
            missing.append(error)
    if not parts:
        raise missing[0]
    if "site" not in parts:  # it was asked for last
        parts["site"] = _no_site(missing[-1])
    return build(**parts, stage=target.stage.name, addresses=addresses)


def _photos(target: Target, addresses: dict[str, str]) -> dict[str, Any]:
    addresses.setdefault("blog", target.post_settings.ghost_url)
    return {"catalog": target.catalog, "archive": target.archive}


def _jobs(target: Target, _: dict[str, str]) -> dict[str, Any]:
    from everyday_console.jobs_pages import Jobs

    jobs = jobs_stores.Target(target.stage_name)
    known = Jobs(ledger=jobs.ledger, desk=jobs.desk, clusters=jobs.settings.clusters, now=jobs.now)
    return {"jobs": known}


def _cloudtop(target: Target, _: dict[str, str]) -> dict[str, Any]:
    from everyday_console.cloudtop import Desk

    sight = cloudtop_stores.Target(target.stage_name).sight
    return {"cloudtop": Desk(sight.book, sight.ec2)}


def _site(target: Target, _: dict[str, str]) -> dict[str, Any]:
    from everyday_console.site import Site
    from everyday_console.site_pages import Sites

    stage = site_stores.Target(target.stage_name, None)
    sites = [
        Site(name, place.settings.site_url, stage.publishing(place).releases)
        for name, place in stage.sites.items()
    ]
    return {"site": Sites(sites=sites)}


def _no_site(error: StageError) -> "Sites":
    from everyday_console.site_pages import Sites

    return Sites(advice=str(error))


def _listening(port: int) -> socket.socket:
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise click.ClickException(
            f"port {port} cannot be used ({error}); choose another: --port N"
        ) from error
    # asyncio does this only for sockets that name their protocol; without it an answer waits 40 ms for the
    # acknowledgement of its own header.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
