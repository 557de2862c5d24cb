"""The two sides of the machine: its operating system and the cloud it stands in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeView:
    """What EC2 says of the volume. `attached_to` None: of nobody. States are EC2's words."""

    id: str
    zone: str
    state: str
    attached_to: str | None
    attachment: str | None
    tags: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What stands on a device. `kind`: what blkid calls the file system or the partition table, None for
    nothing it knows. `zero`: the first and last 16 MiB hold nothing but zeros."""

    kind: str | None
    uuid: str | None
    zero: bool


class Host(Protocol):
    """The operating system. All methods raise HostError with what failed."""

    def device_of(self, volume: str) -> Path | None:
        """The disk whose serial number is the volume's id; None while there is none."""
        ...

    def probe(self, device: Path) -> Probe: ...

    def make_filesystem(self, device: Path, uuid: str) -> None:
        """ext4. Only `guard.py` decides when."""
        ...

    def check(self, device: Path, kind: str) -> bool:
        """Replay the journal and repair what needs no person; False: it wants one."""
        ...

    def grow(self, device: Path, kind: str, path: Path) -> None:
        """Let the mounted file system fill its device; a no-op if it does."""
        ...

    def mount(self, device: Path, path: Path, *, read_only: bool = False) -> None:
        """A no-op if this device is mounted there."""
        ...

    def mounted(self, path: Path) -> bool: ...

    def unmount(self, path: Path) -> bool:
        """Stop who still writes, sync, unmount; False: somebody holds it."""
        ...

    def sync(self) -> None: ...

    def warn(self, text: str) -> None:
        """To every terminal, tmux ones too."""
        ...

    def stop_services(self) -> None:
        """Docker, and everything that is ordered after the mount."""
        ...

    def run_hook(self, path: Path, seconds: float) -> str:
        """Run the owner's program as the owner, bounded; how it ended, in words. Never raises."""
        ...


class Cloud(Protocol):
    """AWS, seen from this machine. All methods raise CloudError, `passing` when another try may help."""

    instance: str
    zone: str

    def home(self) -> str:
        """The volume that holds the data now."""
        ...

    def holder(self) -> str | None:
        """Who has the lease."""
        ...

    def take_lease(self, volume: str) -> bool:
        """Conditional write; True if it is ours now, also when it was before. False: somebody else has it.

        A write whose answer was lost reads back who the holder is.
        """
        ...

    def give_lease(self) -> None:
        """Give it back if it is ours."""
        ...

    def volume(self, volume: str) -> VolumeView: ...

    def attach(self, volume: str, device: str) -> None: ...

    def detach(self, volume: str) -> None:
        """Never with force."""
        ...

    def tag(self, volume: str, tags: dict[str, str]) -> None: ...

    def snapshot(self, volume: str, why: str) -> str:
        """Begin a snapshot; its point in time is this call's. The id."""
        ...

    def report(self, stage: str, detail: str = "") -> None:
        """Say how it goes (`model.Stage`). Never raises: nobody may lose a boot by it."""
        ...

    def beat(self, stage: str, detail: str, dirty: tuple[str, ...]) -> None:
        """Say that it is still so, and what work is in no other place. Changes nothing once the report is of
        another machine, or of one that is leaving or failed. Never raises."""
        ...

    def hold_until(self) -> float | None:
        """The owner's `hold`, in seconds since 1970."""
        ...


class HostError(Exception):
    """The operating system could not do it."""


class CloudError(Exception):
    """AWS did not do it. `passing`: it may at another try."""

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing
