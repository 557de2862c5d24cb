"""Which process is which: a process id alone may have been given to somebody else in the meantime."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from everyday_local.folder import FOLDER_VARIABLE

_PROC = Path("/proc")
_PS_SECONDS = 10


class Seen(NamedTuple):
    """A living process: its group, and the moment it started (only ever compared)."""

    group: int
    started: str


def living() -> dict[int, Seen]:
    """Every living process of this machine by id; the dead that nobody has collected are left out."""
    return _from_proc() if (_PROC / "self" / "stat").exists() else _from_ps()


def members(group: int, folder: Path) -> list[int]:
    """The living processes of a group that carry our folder's name in their environment.

    For a group whose leader is gone: its id alone would not prove that it is ours. Linux only; elsewhere
    such processes are left alone.
    """
    marker = f"{FOLDER_VARIABLE}={folder}".encode()
    return [pid for pid, seen in living().items() if seen.group == group and marker in _environment(pid)]


def _from_proc() -> dict[int, Seen]:
    found = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (seen := _stat(entry)):
            found[int(entry.name)] = seen
    return found


def _stat(entry: Path) -> Seen | None:
    try:
        # The name stands in parentheses and may hold anything; state, parent and group follow it.
        fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else Seen(int(fields[2]), fields[19])


def _from_ps() -> dict[int, Seen]:
    table = subprocess.run(
        ["ps", "-axo", "pid=,pgid=,stat=,lstart="],
        capture_output=True,
        text=True,
        timeout=_PS_SECONDS,
        check=True,
        env={"PATH": os.defpath, "LC_ALL": "C"},
    )
    rows = (line.split(maxsplit=3) for line in table.stdout.splitlines())
    return {int(pid): Seen(int(group), started) for pid, group, state, started in rows if state[0] != "Z"}


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
