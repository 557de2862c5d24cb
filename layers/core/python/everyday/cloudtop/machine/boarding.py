"""How a machine comes to its volume. Pure: what is seen goes in, the one next thing to do comes out.

The volume is attached only by who has the lease, and only when it is `available`. Whoever has it keeps it,
however long that takes: forcing a volume off a living machine loses data.
"""

from dataclasses import dataclass

from everyday.cloudtop.machine.ports import VolumeView
from everyday.cloudtop.names import STALE_TAG

PATIENCE_SECONDS = 20 * 60
"""An ended machine has kept its volume for ten minutes before; after twice that a person should look."""

STUCK_SECONDS = 120
"""EC2 attaches within seconds. Volumes that hang in `attaching` do not come out of it by themselves."""

LONGEST_WAIT_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the machine `me` sees. `waited`: seconds since it began; `hanging`: seconds for which the volume
    was ours by EC2's word without being usable; `detached`: how often we took it off again because of that.
    `device`: the disk with the volume's serial number is there."""

    me: str
    zone: str
    volume: VolumeView
    holder: str | None
    device: bool = False
    waited: float = 0.0
    hanging: float = 0.0
    detached: int = 0


@dataclass(frozen=True, slots=True)
class TakeLease:
    """Ask for the right to write to the volume."""


@dataclass(frozen=True, slots=True)
class Attach:
    """Attach it: it is available, and the lease is ours."""


@dataclass(frozen=True, slots=True)
class Detach:
    """Take it off again, to try once more. Nothing has been mounted yet."""

    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again after `seconds`."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class UseDevice:
    """The disk is there and ours."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This machine will never have the volume; `why` names both."""

    why: str


Step = TakeLease | Attach | Detach | Wait | UseDevice | GiveUp


def step(view: View) -> Step:
    """The next thing to do."""
    never = _never(view)
    if never:
        return GiveUp(never)
    if view.holder is None:
        return TakeLease()
    if view.holder != view.me:
        return _wait(view, f"{view.holder} has the lease of {view.volume.id}")
    if view.volume.attached_to == view.me:
        return _ours(view)
    if view.volume.attached_to is not None:
        return _wait(view, f"{view.volume.id} is still at {view.volume.attached_to}")
    if view.volume.state == "available":
        return Attach()
    return _wait(view, f"{view.volume.id} is {view.volume.state}")


def _never(view: View) -> str:
    volume = view.volume
    if volume.zone != view.zone:
        return f"{volume.id} is in {volume.zone}, {view.me} in {view.zone}: no volume crosses zones"
    if volume.state in ("deleting", "deleted", "error"):
        return f"{volume.id} is in state {volume.state}; `everyday cloudtop restore` makes one of a snapshot"
    if STALE_TAG in volume.tags:
        return f"{volume.id} was left behind by a move ({STALE_TAG}); it is never used again"
    return ""


def _ours(view: View) -> Step:
    attachment = view.volume.attachment
    if attachment == "attached" and view.device:
        return UseDevice()
    if attachment not in ("attaching", "attached"):
        return _wait(view, f"{view.volume.id} is {attachment} from {view.me}")
    if view.hanging < STUCK_SECONDS:
        return Wait(1.0, f"{view.volume.id} is {attachment}, its disk is {_there(view)}")
    why = f"{view.volume.id} hangs as {attachment} at {view.me}, its disk is {_there(view)}"
    return Detach(why) if view.detached == 0 else GiveUp(f"{why}, for the second time")


def _there(view: View) -> str:
    return "there" if view.device else "not there"


def _wait(view: View, why: str) -> Step:
    """The longer it lasts, the longer the pause: 1 s at first, 15 s in the end."""
    if view.waited >= PATIENCE_SECONDS:
        return GiveUp(f"{why}, after {round(view.waited / 60)} minutes")
    return Wait(min(max(view.waited / 10, 1.0), LONGEST_WAIT_SECONDS), why)


def may_release(volume: VolumeView, me: str) -> bool:
    """Whether the lease may be given back by `me`, which has nothing mounted: the volume is not at it."""
    return volume.attached_to != me or volume.attachment == "detaching"
