"""What the page of the CloudTop shows, worked out from what was read at one time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from everyday.cloudtop.model import Home, Lease, Machine, Report, Snapshot, Volume, Wish
from everyday.cloudtop.ports import Book, Ec2

SHOWN = 12
"""Snapshots that the page lists."""

_ENDING = {"shutting-down", "terminated", "stopping", "stopped"}


class Look(NamedTuple):
    """The CloudTop now. `headline`: in a few words; `state`: the style of it."""

    headline: str
    state: str
    wish: Wish
    machines: Sequence[Machine]
    report: Report | None
    lease: Lease | None
    home: Home | None
    volume: Volume | None
    snapshots: Sequence[Snapshot]
    kept: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Reads the CloudTop, its parts side by side."""

    book: Book
    ec2: Ec2

    def look(self) -> Look:
        """What is there now. Raises BookUnavailable, Ec2Unavailable."""
        with ThreadPoolExecutor(6) as pool:
            wish, home = pool.submit(self.book.wish), pool.submit(self.book.home)
            lease, report = pool.submit(self.book.lease), pool.submit(self.book.report)
            machines, snapshots = pool.submit(self.ec2.machines), pool.submit(self.ec2.snapshots)
            place = home.result()
            volume = self.ec2.volume(place.volume) if place else None
            here = [it for it in machines.result() if it.state not in _ENDING]
            said, kept = report.result(), snapshots.result()
            headline, state = told(wish.result(), here, said)
            return Look(
                headline,
                state,
                wish.result(),
                here,
                said,
                lease.result(),
                place,
                volume,
                kept[:SHOWN],
                len(kept),
            )


def told(wish: Wish, machines: Sequence[Machine], report: Report | None) -> tuple[str, str]:
    """How it stands in a few words, and if that is `posted` (good), `stored` (on its way) or `parked`."""
    here = next((it for it in machines if report and it.id == report.instance), None)
    if not wish.up:
        return ("stopping", "stored") if machines else (f"down ({wish.reason})", "listed")
    if here and report:
        return _stages(report)
    return ("booting", "stored") if machines else ("waiting for a machine", "stored")


def _stages(report: Report) -> tuple[str, str]:
    if report.stage == "ready":
        return "ready", "posted"
    return report.stage, "parked" if report.stage in {"failed", "read-only"} else "stored"
