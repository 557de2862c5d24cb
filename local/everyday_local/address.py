"""Whether local mode is up, and where. Imports nothing heavy: every command asks."""

from everyday_local.folder import Folder
from everyday_local.processes import Processes


def local_endpoint(folder: Folder | None = None) -> str | None:
    """The local AWS's address, `http://127.0.0.1:4566`; None when it is not running."""
    record = Processes(folder or Folder.chosen()).running().get("ministack")
    return record.address if record else None
