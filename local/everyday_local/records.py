"""Which processes were started in a folder: one small file each, so that writers never share one."""

from pathlib import Path

import msgspec

from everyday_local.folder import Folder
from everyday_local.service import Record


class Records:
    """The files. A record that cannot be read is left out: ended meanwhile, or of another version."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def all(self) -> list[Record]:
        """Every record, whether its process lives or not."""
        files = sorted(self._folder.sub("run").glob("*.json"))
        return [record for file in files if (record := _read(file))]

    def write(self, record: Record) -> None:
        """Write it down, whole or not at all."""
        file = self._file(record)
        aside = file.with_suffix(".new")
        aside.write_bytes(msgspec.json.encode(record))
        aside.replace(file)

    def holds(self, record: Record) -> bool:
        """Whether this very process is still written down, not one that was started in its place."""
        return _read(self._file(record)) == record

    def forget(self, record: Record) -> None:
        """Take it out, if it is this one that is there."""
        if self.holds(record):
            self._file(record).unlink(missing_ok=True)

    def _file(self, record: Record) -> Path:
        return self._folder.sub("run") / f"{record.name}.json"


def _read(file: Path) -> Record | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None
