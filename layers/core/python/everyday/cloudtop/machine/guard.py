"""May this disk be mounted, or formatted? Pure: what stands on it and what its tags say go in.

A file system is made in two cases only: on a volume that was made for its first use and is provably empty,
and once more where exactly that was begun and never ended. «Nothing that blkid knows» is no proof: an ext4
whose first superblock was wiped looks like that, and has all its data.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from everyday.cloudtop.machine.ports import Probe
from everyday.cloudtop.names import FIRST_USE_TAG, FORMATTED_TAG, FORMATTING_TAG

KNOWN = ("ext4", "xfs")
"""File systems that the machine can check, mount and grow."""

MADE = "ext4"
"""The one it makes."""


@dataclass(frozen=True, slots=True)
class Mount:
    """There is data: mount the file system of this UUID."""

    uuid: str


@dataclass(frozen=True, slots=True)
class Format:
    """Make a file system of this UUID. Before, `FORMATTING_TAG` must say it; when it is made and before it is
    mounted for the first time, `FORMATTED_TAG`."""

    uuid: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Leave it as it is. `why` is for a person, and says what was found."""

    why: str


Verdict = Mount | Format | Refuse


def judge(probe: Probe, tags: Mapping[str, str], *, fresh: str) -> Verdict:
    """What may be done with the disk. `fresh`: the UUID of a file system that is to be made."""
    if formatted := tags.get(FORMATTED_TAG):
        return _formatted(probe, formatted)
    if begun := tags.get(FORMATTING_TAG):
        return _begun(probe, begun)
    if probe.kind in KNOWN and probe.uuid:
        return Mount(probe.uuid)
    if tags.get(FIRST_USE_TAG) != "yes":
        return Refuse(
            f"it has {_found(probe)}, and no tag {FIRST_USE_TAG}=yes that would let it be formatted"
        )
    if probe.kind or not probe.zero:
        return Refuse(f"it is tagged for its first use, and has {_found(probe)}")
    return Format(fresh)


def _formatted(probe: Probe, uuid: str) -> Verdict:
    """Its file system is known, so no other may be in its place."""
    if probe.kind in KNOWN and probe.uuid == uuid:
        return Mount(uuid)
    return Refuse(f"its file system {uuid} ({FORMATTED_TAG}) is not to be seen; it has {_found(probe)}")


def _begun(probe: Probe, uuid: str) -> Verdict:
    """The first `mkfs` never ended, so nothing was ever mounted: what is there is its work, or not ours."""
    if probe.kind is None or (probe.kind == MADE and probe.uuid in (None, uuid)):
        return Format(uuid)
    return Refuse(f"its first formatting as {uuid} never ended, and since then it got {_found(probe)}")


def _found(probe: Probe) -> str:
    if probe.kind:
        return f"{probe.kind} {probe.uuid or 'without a UUID'}"
    return "nothing but zeros at its beginning and end" if probe.zero else "bytes that no one knows"
