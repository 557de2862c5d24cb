"""Which processes belong to a folder of local mode, and on which addresses they listen (Linux)."""

import re
from pathlib import Path

from everyday_local.folder import FOLDER_VARIABLE

LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
"""127.0.0.1, ::1 and ::ffff:127.0.0.1 as /proc/net/tcp and tcp6 write them."""

_LISTENING = "0A"


def marked(folder: Path) -> set[int]:
    """Every living process that was started for this folder."""
    marker = f"{FOLDER_VARIABLE}={folder}".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def listening(pids: set[int]) -> list[str]:
    """The local addresses, in hexadecimal, on which these processes listen."""
    ours, found = _sockets(pids), []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and fields[9] in ours:
                found.append(fields[1].partition(":")[0])
    return found


def _sockets(pids: set[int]) -> set[str]:
    """Inodes of the sockets these processes hold."""
    links = [link for pid in pids for link in Path(f"/proc/{pid}/fd").glob("*")]
    return {match[1] for link in links if (match := re.match(r"socket:\[(\d+)\]", _target(link)))}


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
