"""In which order waiting jobs have their turn: by rank, and between queues by what each holds already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter, lt

from everyday.jobs.fit import Need
from everyday.jobs.model import Amount, Demand, Job
from everyday.jobs.plan import InstanceView, Rules


def ranked(waiting: Sequence[Job]) -> list[Job]:
    """By rank, ties by id; each job once, as it was last written."""
    ranks = [job.rank for job in waiting]
    if all(map(lt, ranks, ranks[1:])):  # as the ledger lists them
        return list(waiting)
    last = {job.id: job for job in waiting}
    if len(last) < len(waiting):
        last = {job.id: job for job in sorted(waiting, key=attrgetter("version"))}
    return sorted(last.values(), key=attrgetter("rank", "id"))


class Shares:
    """What part of the cluster each queue holds: its largest dimension, divided by the queue's weight."""

    def __init__(
        self, views: Iterable[InstanceView], usage: Mapping[str, Amount], weights: Mapping[str, int]
    ) -> None:
        self._views, self._weights = views, weights
        self._held = {queue: (each.cpu, each.memory, each.gpu) for queue, each in usage.items()}

    def of(self, queue: str) -> float:
        cpu, memory, gpu = self._held.get(queue, (0, 0, 0))
        total = self._total
        share = max(cpu / (total.cpu or 1), memory / (total.memory or 1), gpu / (total.gpu or 1))
        return share / self._weights.get(queue, 1)

    def took(self, queue: str, demand: Demand) -> None:
        """The queue has so much more."""
        cpu, memory, gpu = self._held.get(queue, (0, 0, 0))
        more = demand.amount
        self._held[queue] = cpu + more.cpu, memory + more.memory, gpu + more.gpu

    @cached_property
    def _total(self) -> Amount:
        """What the instances offer together; nobody asks when there is one queue."""
        return sum((each.registered for each in self._views), Amount())


Turn = tuple[Job, Need]


def turns(jobs: Sequence[Turn], shares: Shares, rules: Rules) -> Iterator[Turn]:
    """The ranked jobs (with what they need), one after the other.

    Of the queues whose first job is at most `rules.fairness` younger in rank than the first of all, the one
    with the least share is next; ties by rank and id. So shares even out among jobs of about the same rank,
    and a class that is worth more than that never waits for them. `shares` may change between two turns.
    """
    queues: dict[str, list[Turn]] = {}
    for turn in reversed(jobs):
        queues.setdefault(turn[0].queue, []).append(turn)
    if len(queues) == 1 or rules.fairness <= 0:
        yield from jobs
        return
    while queues:
        first = [each[-1] for each in queues.values()]
        latest = min(job.rank for job, _ in first) + rules.fairness
        heads = [turn for turn in first if turn[0].rank <= latest]
        head = min(heads, key=lambda turn: (shares.of(turn[0].queue), turn[0].rank, turn[0].id))
        queue = head[0].queue
        queues[queue].pop()
        if not queues[queue]:
            del queues[queue]
        yield head
