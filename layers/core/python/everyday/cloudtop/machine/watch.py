"""While the machine lives: EC2's notice every five seconds, and once a minute its state and whether anybody
works on it."""

from collections.abc import Callable
from dataclasses import dataclass
from logging import getLogger
from typing import Protocol

from everyday.cloudtop.machine.departure import Departure
from everyday.cloudtop.machine.idle import Signs, judge, work
from everyday.cloudtop.machine.imds import Notice
from everyday.cloudtop.machine.ports import Cloud, CloudError, Host, HostError
from everyday.cloudtop.machine.settings import MachineSettings

log = getLogger("everyday.cloudtop")

EVERY_SECONDS = 5.0
"""EC2 user guide, «Spot Instance interruption notices»: check every five seconds."""

BEAT_SECONDS = 60.0


class Metadata(Protocol):
    """What the machine asks its metadata service; raises CloudError."""

    def notice(self) -> Notice | None: ...

    def rebalance(self) -> bool: ...


@dataclass(slots=True, kw_only=True)
class Watch:
    """`time` in seconds since 1970. `stage`: how the boot ended. `dirty`: work that is in no other place."""

    host: Host
    cloud: Cloud
    metadata: Metadata
    settings: MachineSettings
    departure: Departure
    stage: Callable[[], str]
    signs: Callable[[], Signs]
    dirty: Callable[[], tuple[str, ...]]
    time: Callable[[], float]
    _beaten: float = 0.0
    _worked: float | None = None
    _counted_down: bool = False

    def round(self) -> None:
        """One look and what follows from it. Never raises: the next round tries again."""
        notice, rebalance = self._asked()
        self.departure.go_on(notice, rebalance=rebalance)
        if notice is None and self.time() - self._beaten >= BEAT_SECONDS:
            self._beaten = self.time()
            self._beat()

    def _asked(self) -> tuple[Notice | None, bool]:
        try:
            return self.metadata.notice(), self.metadata.rebalance()
        except CloudError as error:
            log.warning("%s; asking again", error)
            return None, False

    def _beat(self) -> None:
        """A machine whose boot failed has said so, and waits for its end."""
        stage = self.stage()
        if stage == "failed":
            return
        verdict = self._quiet()
        if verdict == "countdown" and not self._counted_down:
            self._warn(_COUNTDOWN)
        self._counted_down = verdict in ("countdown", "stop")
        if verdict == "stop":
            self.cloud.report("idle", "nobody has worked here")
        else:
            self.cloud.beat(stage, "", self.dirty())

    def _quiet(self) -> str:
        """How long it has been quiet since this program or the last work began."""
        now, doing = self.time(), work(self.signs())
        if doing or self._worked is None:
            self._worked = now
        return judge(now - self._worked, self.settings.idle_seconds)

    def _warn(self, text: str) -> None:
        try:
            self.host.warn(text)
        except HostError as error:
            log.warning("nobody could be warned: %s", error)


_COUNTDOWN = (
    "Nobody works here: the machine stops in five minutes. Type anything, or `ct hold 4h`, to keep it."
)
