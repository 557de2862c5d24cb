"""One look at everything the keeper decides by."""

from dataclasses import dataclass
from datetime import datetime

from everyday.cloudtop.model import FleetEvent, Home, Lease, Machine, Situation
from everyday.cloudtop.ports import Book, Ec2, Fleets


@dataclass(frozen=True, slots=True)
class Sight:
    """`first`: the home before any move."""

    book: Book
    ec2: Ec2
    fleets: Fleets
    first: Home

    def situation(self) -> Situation:
        """As it is now. The table is read before EC2: a holder of the lease that EC2 then shows as ended does
        not come back. Raises BookUnavailable, Ec2Unavailable, FleetUnavailable."""
        wish, notes, lease = self.book.wish(), self.book.notes(), self.book.lease()
        report, home = self.book.report(), self.book.home() or self.first
        machines = self._machines(lease)
        return Situation(
            wish=wish,
            notes=notes,
            home=home,
            fleets=self.fleets.capacities(),
            machines=tuple(it for it in machines if it.state != "terminated"),
            ended=tuple(it.id for it in machines if it.state == "terminated"),
            volume=self.ec2.volume(home.volume),
            lease=lease,
            report=report,
            trouble=self._trouble(home.zone, notes.missing_since),
        )

    def _machines(self, lease: Lease | None) -> list[Machine]:
        """Also the lease's holder when its tags are not to be found yet."""
        found = list(self.ec2.machines())
        if lease and all(it.id != lease.holder for it in found):
            holder = self.ec2.machine(lease.holder)
            found += [holder] if holder else []
        return found

    def _trouble(self, zone: str, since: datetime | None) -> tuple[FleetEvent, ...]:
        return tuple(self.fleets.history(zone, since)) if since else ()
