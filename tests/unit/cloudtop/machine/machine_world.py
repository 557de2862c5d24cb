"""A machine and its cloud in memory. They refuse what would cost data, as a real kernel and EC2 do not."""

from pathlib import Path

from everyday.cloudtop.machine.ports import CloudError, HostError, Probe, VolumeView

VOLUME = "vol-1"
EMPTY = Probe(kind=None, uuid=None, zero=True)


class MemoryCloud:
    """One volume, seen by `instance`. `fail`: the call of that name fails so many times, passing or not."""

    instance = "i-me"
    zone = "a"

    def __init__(self, tags: dict[str, str] | None = None) -> None:
        self.tags = dict(tags or {})
        self.state = "available"
        self.at: str | None = None
        self.attachment: str | None = None
        self.lease: str | None = None
        self.reports: list[tuple[str, str]] = []
        self.beats: list[tuple[str, tuple[str, ...]]] = []
        self.snapshots: list[str] = []
        self.fail: dict[str, list[bool]] = {}
        self.mounted = False
        self.looks = 0
        self.other_leaves_after = 0

    def _may_fail(self, call: str) -> None:
        if self.fail.get(call):
            raise CloudError(f"{call}: no", passing=self.fail[call].pop(0))

    def home(self) -> str:
        self._may_fail("home")
        return VOLUME

    def holder(self) -> str | None:
        return self.lease

    def take_lease(self, volume: str) -> bool:
        self._may_fail("take_lease")
        self.lease = self.lease or self.instance
        return self.lease == self.instance

    def give_lease(self) -> None:
        self._may_fail("give_lease")
        assert not self.mounted, "the lease was given back while the volume is mounted"
        if self.lease == self.instance:
            self.lease = None

    def volume(self, volume: str) -> VolumeView:
        self._may_fail("volume")
        self.looks += 1
        if self.at == "i-other" and self.looks > self.other_leaves_after:
            self.at, self.attachment, self.state, self.lease = None, None, "available", None
        return VolumeView(
            id=volume,
            zone="a",
            state=self.state,
            attached_to=self.at,
            attachment=self.attachment,
            tags=dict(self.tags),
        )

    def attach(self, volume: str, device: str) -> None:
        self._may_fail("attach")
        assert self.lease == self.instance, "attached without the lease"
        assert self.at is None, "attached twice"
        self.at, self.attachment, self.state = self.instance, "attached", "in-use"

    def detach(self, volume: str) -> None:
        self._may_fail("detach")
        assert not self.mounted, "detached while it is mounted"
        self.at, self.attachment, self.state = None, None, "available"

    def tag(self, volume: str, tags: dict[str, str]) -> None:
        self._may_fail("tag")
        self.tags |= tags

    def snapshot(self, volume: str, why: str) -> str:
        self._may_fail("snapshot")
        self.snapshots.append(why)
        return f"snap-{len(self.snapshots)}"

    def report(self, stage: str, detail: str = "") -> None:
        self.reports.append((stage, detail))

    def beat(self, stage: str, detail: str, dirty: tuple[str, ...]) -> None:
        self.beats.append((stage, dirty))

    def hold_until(self) -> float | None:
        return None

    @property
    def stages(self) -> list[str]:
        return [stage for stage, _ in self.reports]


class MemoryHost:
    """`disk`: what stands on the volume. `log`: what was done, in order."""

    def __init__(self, cloud: MemoryCloud, disk: Probe = EMPTY) -> None:
        self.cloud = cloud
        self.disk = disk
        self.sound = True
        self.read_only = False
        self.there = True
        self.held = 0
        self.fail: dict[str, int] = {}
        self.log: list[str] = []
        self.hook_seconds = 0.0

    def _noted(self, call: str) -> None:
        self.log.append(call)
        if self.fail.get(call, 0) > 0:
            self.fail[call] -= 1
            raise HostError(f"{call}: no")

    def device_of(self, volume: str) -> Path | None:
        return Path("/dev/x") if self.there and self.cloud.at == self.cloud.instance else None

    def probe(self, device: Path) -> Probe:
        return self.disk

    def make_filesystem(self, device: Path, uuid: str) -> None:
        self._noted("mkfs")
        assert self.disk.zero, "formatted what holds data"
        self.disk = Probe(kind="ext4", uuid=uuid, zero=False)

    def check(self, device: Path, kind: str) -> bool:
        self._noted("check")
        return self.sound

    def grow(self, device: Path, kind: str, path: Path) -> None:
        self._noted("grow")

    def mount(self, device: Path, path: Path, *, read_only: bool = False) -> None:
        self._noted("mount")
        self.cloud.mounted, self.read_only = True, read_only

    def mounted(self, path: Path) -> bool:
        return self.cloud.mounted

    def unmount(self, path: Path) -> bool:
        self._noted("unmount")
        self.held -= 1
        self.cloud.mounted = self.held >= 0
        return not self.cloud.mounted

    def sync(self) -> None:
        self._noted("sync")

    def warn(self, text: str) -> None:
        self._noted("warn")

    def stop_services(self) -> None:
        self._noted("stop")

    def run_hook(self, path: Path, seconds: float) -> str:
        self._noted("hook")
        self.hook_seconds = seconds
        return "ended"
