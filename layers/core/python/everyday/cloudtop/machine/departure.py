"""Leaving: the steps of `leaving.py`, done, remembered, and done again where they did not succeed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from logging import getLogger
from pathlib import Path

from everyday.cloudtop.machine.boarding import may_release
from everyday.cloudtop.machine.imds import Notice
from everyday.cloudtop.machine.leaving import Step, hook_seconds, next_step
from everyday.cloudtop.machine.ports import Cloud, CloudError, Host, HostError
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.machine.storage import write

log = getLogger("everyday.cloudtop")


@dataclass(slots=True, kw_only=True)
class Departure:
    """`time` in seconds since 1970. Steps that were done before the program was started anew are not done
    again."""

    host: Host
    cloud: Cloud
    settings: MachineSettings
    time: Callable[[], float]
    _done: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        try:
            self._done = set(json.loads(self._memory.read_text()))
        except (OSError, ValueError):
            self._done = set()

    def go_on(self, notice: Notice | None, *, rebalance: bool) -> None:
        """Every step that can be done now, once. Never raises: the next round tries again."""
        tried: set[str] = set()
        while step := next_step(notice=bool(notice), rebalance=rebalance, done=self._done, tried=tried):
            tried.add(step)
            if self._succeeds(step, notice):
                self._done.add(step)
                self._remember()

    @property
    def _memory(self) -> Path:
        return self.settings.run / "left"

    def _remember(self) -> None:
        try:
            write(self._memory, json.dumps(sorted(self._done)))
        except OSError as error:
            log.warning("what is done is not remembered: %s", error)

    def _succeeds(self, step: Step, notice: Notice | None) -> bool:
        try:
            done = self._do(step, notice)
        except (HostError, CloudError) as error:
            log.warning("%s: %s; trying again", step, error)
            return False
        log.info("%s: %s", step, "done" if done else "not yet")
        return done

    def _do(self, step: Step, notice: Notice | None) -> bool:
        """False: not yet."""
        doing: dict[Step, Callable[[], bool | None]] = {
            "tell": lambda: self.cloud.report("notice", f"EC2 asks to {notice.action}" if notice else ""),
            "warn": lambda: self.host.warn(_LEAVING),
            "hook": lambda: self._hook(notice),
            "stop": self.host.stop_services,
            "sync": self.host.sync,
            "unmount": self._unmount,
            "detach": self._detach,
            "snapshot": lambda: self._snapshot("before the machine left"),
            "release": self._release,
            "say": lambda: self.cloud.report("left", "unmounted, detached, the lease given back"),
            "warn of rebalance": lambda: self.host.warn(_AT_RISK),
            "sync for rebalance": self.host.sync,
            "snapshot for rebalance": lambda: self._snapshot("EC2 may take the machine soon"),
        }
        return doing[step]() is not False

    def _hook(self, notice: Notice | None) -> None:
        left = notice.time - self.time() if notice and notice.time else None
        log.info("the owner's hook: %s", self.host.run_hook(self.settings.hook, hook_seconds(left)))

    def _snapshot(self, why: str) -> None:
        log.info("snapshot %s", self.cloud.snapshot(self.cloud.home(), why))

    def _unmount(self) -> bool:
        return not self.host.mounted(self.settings.home) or self.host.unmount(self.settings.home)

    def _detach(self) -> bool:
        if self.host.mounted(self.settings.home):
            self._done.discard("unmount")  # somebody mounted it again
            return False
        volume = self.cloud.volume(self.cloud.home())
        if volume.attached_to == self.cloud.instance and volume.attachment != "detaching":
            self.cloud.detach(volume.id)
        return True

    def _release(self) -> bool:
        if not may_release(self.cloud.volume(self.cloud.home()), self.cloud.instance):
            return False
        self.cloud.give_lease()
        return True


_LEAVING = (
    "EC2 takes this machine in two minutes. Your files are saved with the volume, and the next machine has "
    "them: `everyday cloudtop status` says when."
)
_AT_RISK = "EC2 may take this machine soon. A snapshot is being taken; work on, and save often."
