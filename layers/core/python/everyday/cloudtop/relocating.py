"""The data of a snapshot on a new volume, here or in another zone. The old volume is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from everyday.cloudtop.looking import Sight
from everyday.cloudtop.model import Home, Situation, Snapshot
from everyday.cloudtop.names import HOME_TAG, STALE_TAG
from everyday.errors import CloudtopLate, CloudtopRefused
from everyday.ports import Progress

SNAPSHOT_SECONDS, VOLUME_SECONDS = 3600.0, 600.0
LOOK_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocating:
    """Crash anywhere and run again: nothing is lost, and at worst a snapshot is taken once more.

    `pause` waits for so many seconds. All methods raise CloudtopRefused, CloudtopLate, and what the ports do.
    """

    sight: Sight
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    progress: Progress

    def plan_move(self, zone: str) -> Situation:
        """What a move to `zone` starts from. Refuses while there is a machine, or without a fleet there."""
        situation = self._at_rest()
        if zone not in situation.fleets:
            known = ", ".join(situation.fleets)
            raise CloudtopRefused(
                f"there is no fleet in {zone}, only in {known}; add it to zones in everyday.toml and deploy"
            )
        if zone == situation.home.zone:
            self._leave_behind(situation.home)
            raise CloudtopRefused(f"the data is in {zone} already")
        return situation

    def move(self, zone: str, *, fresh: bool = True) -> Home:
        """The data in another zone. `fresh`: of now, which the zone of the volume must still answer for; else
        of the newest snapshot."""
        situation = self.plan_move(zone)
        newest = self._newest() if not fresh else self._taken(situation.home.volume)
        return self._settle(situation.home, newest, zone)

    def plan_restore(self, snapshot: str) -> Snapshot:
        """What a restore starts from. Refuses while there is a machine, and a snapshot that failed."""
        self._at_rest()
        found = self.sight.ec2.snapshot(snapshot)
        if found is None:
            raise CloudtopRefused(f"there is no snapshot {snapshot}; `everyday cloudtop snapshot --list`")
        if found.state == "error":
            raise CloudtopRefused(f"{snapshot} was never completed: take another one")
        return found

    def restore(self, snapshot: str) -> Home:
        """The data of a snapshot, in the zone where the data is."""
        found = self.plan_restore(snapshot)
        home = self.sight.book.home() or self.sight.first
        return self._settle(home, found, home.zone)

    def _at_rest(self) -> Situation:
        situation = self.sight.situation()
        if situation.wish.up or situation.machines:
            raise CloudtopRefused("the machine has the data; first: everyday cloudtop down")
        return situation

    def _taken(self, volume: str) -> Snapshot:
        self.progress.begin(f"taking a snapshot of {volume}", None)
        return self.sight.ec2.take_snapshot(volume, why="move")

    def _newest(self) -> Snapshot:
        complete = [it for it in self.sight.ec2.snapshots() if it.state == "completed"]
        if not complete:
            raise CloudtopRefused("there is no complete snapshot of the data")
        return complete[0]

    def _settle(self, home: Home, snapshot: Snapshot, zone: str) -> Home:
        self._completed(snapshot)
        self.progress.begin(f"making a volume of {snapshot.id} in {zone}", None)
        token = f"{home.version}-{snapshot.id}-{zone}"
        volume = self.sight.ec2.make_volume(snapshot.id, zone=zone, token=token)
        for _ in self._looks(VOLUME_SECONDS, f"{volume.id} was not there in time; run the command again"):
            found = self.sight.ec2.volume(volume.id)
            if found and found.state == "available":
                break
        new = Home(zone=zone, volume=volume.id, version=home.version + 1)
        self.sight.book.put_home(new)
        self._leave_behind(new)
        return new

    def _completed(self, snapshot: Snapshot) -> None:
        self.progress.begin(f"waiting for {snapshot.id}", None)
        late = f"{snapshot.id} is not complete yet; when it is: everyday cloudtop restore {snapshot.id}"
        for _ in self._looks(SNAPSHOT_SECONDS, late):
            found = self.sight.ec2.snapshot(snapshot.id)
            if found and found.state == "completed":
                return
            if found and found.state == "error":
                raise CloudtopRefused(f"EC2 could not complete {snapshot.id}; run the command again")

    def _leave_behind(self, home: Home) -> None:
        """Every other volume of ours is out of use, and no machine may attach it any more."""
        for volume in self.sight.ec2.volumes():
            if volume.id != home.volume and volume.tags.get(HOME_TAG) == "yes":
                self.sight.ec2.tag(volume.id, {HOME_TAG: "no", STALE_TAG: self.clock().isoformat()})

    def _looks(self, seconds: float, late: str) -> Iterator[None]:
        for _ in range(int(seconds / LOOK_SECONDS)):
            yield
            self.pause(LOOK_SECONDS)
        raise CloudtopLate(late)
