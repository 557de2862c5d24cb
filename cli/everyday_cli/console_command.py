"""`everyday console`: the owner's web page, on loopback."""

import socket
from contextlib import suppress

import click

from everyday_cli.commands import Command
from everyday_cli.output import current
from everyday_cli.photos_stores import Target, target_options


@click.command(cls=Command, examples="everyday console --port 8080")
@click.option("--port", type=click.IntRange(1, 65535), default=8484, show_default=True)
@click.option("--link", "links", type=(str, str), multiple=True, metavar="NAME ADDRESS", hidden=True)
@target_options
def console(target: Target, *, port: int, links: tuple[tuple[str, str], ...]) -> None:
    """Look at everything in a browser. Nobody but this machine can reach it; Ctrl-C ends it."""
    import uvicorn

    from everyday_console.app import build

    stage = "folder" if target.folder else target.stage.name
    addresses = dict(links)
    if not target.folder:
        addresses.setdefault("blog", target.post_settings.ghost_url)
    app = build(catalog=target.catalog, archive=target.archive, stage=stage, addresses=addresses)
    with _listening(port) as listener:
        current().log(f"Console: http://127.0.0.1:{port}  (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):  # the normal end; uvicorn passes it on when it has closed
            uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


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
