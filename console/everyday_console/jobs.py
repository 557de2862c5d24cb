"""What the jobs page shows, worked out from the ledger."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from everyday.jobs.board import Board, BoardInstance
from everyday.jobs.model import Job, JobClass
from everyday.jobs.ports import Lane, Ledger

RECENT_MS = 86_400_000
_RECENT_MOST = 2_000
SHOWN = 50
_BAR = 100.0


class Part(NamedTuple):
    """A stretch of a bar: where it begins and how long it is, in percent; what it is."""

    kind: str
    start: float
    length: float


class Bar(NamedTuple):
    """`name` and `figures` say in words what the parts show."""

    name: str
    figures: str
    parts: tuple[Part, ...]


class Waiting(NamedTuple):
    """A job in the queue, from place 1, and why it waits."""

    place: int
    job: Job
    why: str


class Lanes(NamedTuple):
    """A cluster's jobs: those that run and those that ended lately, with the first of those that wait.

    `waiting_total` and `held` count all; `classes` has a bar for each class that there is.
    """

    at: int
    running: Sequence[Job]
    waiting: Sequence[Waiting]
    waiting_total: int
    held: int
    ended: Sequence[Job]
    ended_total: int
    classes: Sequence[Bar]
    board: Board | None


def lanes(ledger: Ledger, cluster: str, *, now: int) -> Lanes:
    """Read what the page shows. `now` in milliseconds."""
    board = ledger.board(cluster)
    whys = board.whys if board else {}
    running = list(ledger.listed(cluster, Lane.OPEN))
    waiting = list(ledger.listed(cluster, Lane.WAITING))
    held = list(ledger.listed(cluster, Lane.HELD))
    recent = ledger.listed(cluster, Lane.DONE, until=now - RECENT_MS, limit=_RECENT_MOST)
    ended = [job for job in recent if job.size is None]
    first = enumerate(islice(waiting, SHOWN), 1)
    return Lanes(
        at=now,
        running=sorted(running, key=lambda job: (job.started_at or now, job.id)),
        waiting=[Waiting(place, job, whys.get(job.id) or job.reason or "") for place, job in first],
        waiting_total=len(waiting),
        held=len(held),
        ended=ended[:SHOWN],
        ended_total=len(ended),
        classes=list(_classes(ended, running, [*waiting, *held])),
        board=board,
    )


def instance_bars(instance: BoardInstance) -> Iterator[Bar]:
    """One bar for each dimension that the instance has: used, and kept for a job or free."""
    used = instance.registered - instance.free
    rest = "kept" if instance.reserved_for else "free"
    for name, part, whole, unit in (
        ("memory", used.memory, instance.registered.memory, "MiB"),
        ("CPU", used.cpu, instance.registered.cpu, "units"),
        ("GPU", used.gpu, instance.registered.gpu, ""),
    ):
        if whole:
            yield _bar(name, f"{part} of {whole} {unit}".rstrip(), {"used": part, rest: whole - part})


def _classes(ended: Sequence[Job], running: Sequence[Job], waiting: Sequence[Job]) -> Iterator[Bar]:
    counts = [Counter(job.job_class for job in jobs) for jobs in (ended, running, waiting)]
    for each in JobClass:
        kinds = dict(zip(("ended", "running", "waiting"), (count[each] for count in counts), strict=True))
        if any(kinds.values()):
            yield _bar(each.value, ", ".join(f"{count} {kind}" for kind, count in kinds.items()), kinds)


def _bar(name: str, figures: str, sizes: dict[str, int]) -> Bar:
    whole, start, parts = sum(sizes.values()), 0.0, []
    for kind, size in sizes.items():
        length = _BAR * size / whole
        parts.append(Part(kind, round(start, 2), round(length, 2)))
        start += length
    return Bar(name, figures, tuple(part for part in parts if part.length))
