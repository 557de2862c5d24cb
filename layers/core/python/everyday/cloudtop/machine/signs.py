"""Signs of work, read from the kernel."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from everyday.cloudtop.machine.idle import Signs
from everyday.cloudtop.machine.settings import MachineSettings


def held(settings: MachineSettings, owner_holds: float | None, now: float) -> bool:
    """By the hold file of this machine (a time in seconds since 1970), or by the owner's wish."""
    try:
        until = float(settings.hold_file.read_text())
    except (OSError, ValueError):
        until = 0.0
    return now < max(until, owner_holds or 0.0)


@dataclass(slots=True, kw_only=True)
class LinuxSigns:
    """`holds`: whether nothing may be stopped now. A terminal's last input is the access time of its device:
    tmux has devices of its own, so panes count that nobody is attached to only when they get input."""

    time: Callable[[], float]
    holds: Callable[[], bool]
    proc: Path = Path("/proc")
    terminals: Path = Path("/dev/pts")
    _bytes: float | None = field(default=None)

    def read(self) -> Signs:
        """What there is now; what cannot be read is no sign."""
        return Signs(
            typed=min(self._typed(), default=None),
            sessions=tuple(self._sessions()),
            load=self._load(),
            network=self._network(),
            held=self.holds(),
        )

    def _typed(self) -> Iterator[float]:
        for device in self.terminals.glob("[0-9]*"):
            try:
                yield max(0.0, self.time() - device.stat().st_atime)
            except OSError:
                continue  # closed meanwhile

    def _sessions(self) -> Iterator[float]:
        """Of sshd's processes for one user each (`sshd: ubuntu@pts/0`), and Session Manager's workers."""
        for file in self.proc.glob("[0-9]*/cmdline"):
            try:
                if _is_session(file.read_bytes()):
                    yield self.time() - file.parent.stat().st_ctime
            except OSError:
                continue  # ended meanwhile

    def _load(self) -> float:
        try:
            return float((self.proc / "loadavg").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0.0

    def _network(self) -> float:
        """Since the last reading, which is a minute ago; the first one has nothing to compare with."""
        try:
            now = _traffic((self.proc / "net/dev").read_text())
        except (OSError, ValueError, IndexError):
            return 0.0
        before, self._bytes = self._bytes, now
        return 0.0 if before is None else max(0.0, now - before)


def _is_session(command: bytes) -> bool:
    """`sshd: ubuntu@pts/0`, which newer versions call sshd-session, or a worker of Session Manager."""
    title = command.split(b"\0")[0]
    of_ssh = title.startswith((b"sshd: ", b"sshd-session: ")) and b"@" in title
    return of_ssh or b"ssm-session-worker" in title


def _traffic(table: str) -> float:
    """Bytes received and sent by all interfaces but the loopback: columns 1 and 9 of /proc/net/dev."""
    total = 0.0
    for line in table.splitlines()[2:]:
        name, _, numbers = line.partition(":")
        if name.strip() != "lo":
            columns = numbers.split()
            total += float(columns[0]) + float(columns[8])
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSigns:
    """Of a machine that is only a process: somebody works while the file `busy` is in its folder."""

    folder: Path
    holds: Callable[[], bool]

    def read(self) -> Signs:
        return Signs(typed=0.0 if os.path.lexists(self.folder / "busy") else None, held=self.holds())
