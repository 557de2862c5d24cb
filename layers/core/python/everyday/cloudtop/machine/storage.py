"""From the boot to a mounted volume, or to a clear word why not.

What is decided is in `boarding.py` (whose volume it is) and `guard.py` (what may be done with the disk).
"""

from collections.abc import Callable
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from everyday.cloudtop.machine import boarding
from everyday.cloudtop.machine.guard import Format, Mount, Refuse, judge
from everyday.cloudtop.machine.ports import Cloud, CloudError, Host, Probe, VolumeView
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.names import DEVICE, FORMATTED_TAG, FORMATTING_TAG

log = getLogger("everyday.cloudtop")

PAUSE_SECONDS = 3.0
"""After an answer of AWS that another try may better."""

TAG_TRIES = 5


class NoStorageError(Exception):
    """This machine does not come to its data; the message is for the owner."""


class NoticeError(NoStorageError):
    """EC2 ends the machine before it came to its data."""


_OVER = (NoStorageError, CloudError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """`noticed`: whether EC2 has told the machine to leave. `clock` in seconds; `fresh`: a new UUID."""

    host: Host
    cloud: Cloud
    settings: MachineSettings
    noticed: Callable[[], bool]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    fresh: Callable[[], str]

    def open(self) -> str:
        """`ready` or `read-only`: what the mounted volume is. Run again it goes on where it stands. Raises
        NoStorageError, HostError, CloudError."""
        home = self.settings.home
        if self.host.mounted(home):
            return self._said("ready", f"{home} is mounted")
        self.cloud.report("booting")
        try:
            volume = self._board()
            stage = self._open(volume)
        except NoticeError:
            self._retreat()
            raise
        except _OVER:
            self._release()
            raise
        return self._said(stage, volume.id)

    def _said(self, stage: str, detail: str) -> str:
        write(self.settings.run / "stage", stage)
        self.cloud.report(stage, detail)
        return stage

    def _board(self) -> VolumeView:
        """The volume, attached to this machine, its disk there."""
        passage = _Passage(began=self.clock())
        while True:
            self._heed()
            view = self._view(passage)
            if view is None:
                self._wait(passage, PAUSE_SECONDS)
                continue
            match boarding.step(view):
                case boarding.UseDevice():
                    return view.volume
                case boarding.GiveUp(why):
                    raise NoStorageError(why)
                case boarding.Wait(seconds, why):
                    self._tell_wait(passage, view, why)
                    self._wait(passage, seconds)
                case step:
                    self._do(step, view, passage)

    def _view(self, passage: "_Passage") -> boarding.View | None:
        """None: AWS did not say, and may at another try; after so long a time what it said is raised."""
        try:
            home, holder = self.cloud.home(), self.cloud.holder()
            write(self.settings.run / "volume", home)
            volume = self.cloud.volume(home)
        except CloudError as error:
            if not error.passing or self.clock() - passage.began >= boarding.PATIENCE_SECONDS:
                raise
            log.warning("%s; trying again", error)
            return None
        ours = volume.attached_to == self.cloud.instance
        there = ours and self.host.device_of(home) is not None
        passage.hangs(ours, self.clock())
        return boarding.View(
            me=self.cloud.instance,
            zone=self.cloud.zone,
            volume=volume,
            holder=holder,
            device=there,
            waited=self.clock() - passage.began,
            hanging=self.clock() - passage.hanging if passage.hanging is not None else 0.0,
            detached=passage.detached,
        )

    def _do(self, step: boarding.Step, view: boarding.View, passage: "_Passage") -> None:
        """A refusal here is no verdict: somebody else was quicker, and the next look shows it."""
        volume = view.volume.id
        try:
            match step:
                case boarding.TakeLease():
                    self.cloud.take_lease(volume)
                case boarding.Attach():
                    self.cloud.report("attaching", volume)
                    self.cloud.attach(volume, DEVICE)
                case boarding.Detach(why):
                    log.warning("%s; taking it off to try once more", why)
                    self.cloud.detach(volume)
                    passage.detached += 1
        except CloudError as error:
            if not error.passing or self.clock() - passage.began >= boarding.PATIENCE_SECONDS:
                raise
            log.warning("%s; looking again", error)
            self._wait(passage, PAUSE_SECONDS)

    def _tell_wait(self, passage: "_Passage", view: boarding.View, why: str) -> None:
        if why != passage.why:
            passage.why = why
            ours = view.volume.attached_to == self.cloud.instance
            self.cloud.report("attaching" if ours else "waiting", why)

    def _wait(self, passage: "_Passage", seconds: float) -> None:
        log.info("waiting %.0f s: %s", seconds, passage.why or "AWS does not answer")
        self.sleep(seconds)

    def _open(self, volume: VolumeView) -> str:
        self._heed()
        device = self.host.device_of(volume.id)
        if device is None:
            raise NoStorageError(f"the disk of {volume.id} went away while it was looked at")
        probe = self._with_file_system(device, volume)
        self.cloud.report("checking", volume.id)
        kind = probe.kind or "ext4"
        sound = self.host.check(device, kind)
        self._heed()
        self.host.mount(device, self.settings.home, read_only=not sound)
        if sound:
            self.host.grow(device, kind, self.settings.home)
        return "ready" if sound else "read-only"

    def _with_file_system(self, device: Path, volume: VolumeView) -> Probe:
        """What stands on the disk, once it may be mounted. Its UUID is in the tags from then on, so that no
        later machine takes another disk, or an emptied one, for it."""
        probe = self.host.probe(device)
        match judge(probe, volume.tags, fresh=self.fresh()):
            case Refuse(why):
                raise NoStorageError(f"{volume.id} is left as it is: {why}")
            case Format(uuid):
                self._tag(volume.id, {FORMATTING_TAG: uuid})
                self.host.make_filesystem(device, uuid)
                self._tag(volume.id, {FORMATTED_TAG: uuid})
                return self.host.probe(device)
            case Mount(uuid):
                if volume.tags.get(FORMATTED_TAG) != uuid:
                    self._tag(volume.id, {FORMATTED_TAG: uuid})
                return probe

    def _tag(self, volume: str, tags: dict[str, str]) -> None:
        """A boot must not fail because AWS was busy for a moment."""
        for left in reversed(range(TAG_TRIES)):
            try:
                self.cloud.tag(volume, tags)
            except CloudError as error:
                if not error.passing or not left:
                    raise
                log.warning("%s; trying again", error)
                self.sleep(PAUSE_SECONDS)
            else:
                return

    def _heed(self) -> None:
        if self.noticed():
            raise NoticeError("EC2 ends this machine before it came to its data")

    def _retreat(self) -> None:
        """Nothing is mounted: the next machine shall not wait for this one's end."""
        try:
            volume = self.cloud.volume(self.cloud.home())
            if volume.attached_to == self.cloud.instance and volume.attachment != "detaching":
                self.cloud.detach(volume.id)
        except CloudError as error:
            log.warning("%s; it comes off when the machine ends", error)
        self._release()
        self.cloud.report("left", "before it came to its data")

    def _release(self) -> None:
        """The lease goes back only when the volume is not at this machine; else its end frees it."""
        try:
            if boarding.may_release(self.cloud.volume(self.cloud.home()), self.cloud.instance):
                self.cloud.give_lease()
        except CloudError as error:
            log.warning("%s; the lease is freed when the machine has ended", error)


@dataclass(slots=True)
class _Passage:
    """What the machine remembers while it comes to its volume."""

    began: float
    hanging: float | None = None
    detached: int = 0
    why: str = ""

    def hangs(self, ours: bool, now: float) -> None:
        """Since when the volume is at this machine by EC2's word."""
        if not ours:
            self.hanging = None
        elif self.hanging is None:
            self.hanging = now


def write(file: Path, text: str) -> None:
    """For the other programs of this machine; whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}")
    draft.write_text(text + "\n")
    draft.replace(file)
