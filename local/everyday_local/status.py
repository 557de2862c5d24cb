"""What of local mode is up, and where."""

import msgspec

from everyday_local.folder import Folder
from everyday_local.processes import Processes


class ServiceStatus(msgspec.Struct, frozen=True):
    """One running service."""

    name: str
    title: str
    address: str
    pid: int
    log: str


class Status(msgspec.Struct, frozen=True):
    """One folder's local mode. `up`: its local AWS runs, so commands use it by default."""

    up: bool
    folder: str
    services: tuple[ServiceStatus, ...]


def status(folder: Folder) -> Status:
    """What runs now; starts and changes nothing."""
    running = [record for record in Processes(folder).running().values() if record.port]
    services = tuple(
        ServiceStatus(record.name, record.title, record.address, record.pid, str(folder.log(record.name)))
        for record in running
    )
    return Status(any(each.name == "ministack" for each in services), str(folder.path), services)
