"""The owner's verbs: cancel a job, look at one, list many, and see how long the queue is."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain, islice

import msgspec

from everyday.errors import JobEnded, JobUnknown
from everyday.jobs.arrays import cancel_children, changed
from everyday.jobs.circles import circle
from everyday.jobs.life import cancelled
from everyday.jobs.model import Job, JobClass, State
from everyday.jobs.ports import Lane, Ledger, Wakes
from everyday.ports import Clock
from everyday.record import Record

_FAR_BACK = 2000
"""More jobs than that are not followed from parent to parent."""


class Sight(Record, frozen=True, kw_only=True):
    """All there is to say about a job.

    `waits`: why it does not run yet. `place`: its place in the queue, from 1. `parents`: where those stand
    that it depends on, None for an id that is not known. `circle`: jobs that wait for each other, and it
    for them. `children`: how many of an array are in each state.
    """

    job: Job
    outcome: State
    waits: str | None = None
    place: int | None = None
    parents: Mapping[str, State | None] = msgspec.field(default_factory=dict)
    circle: tuple[str, ...] = ()
    children: Mapping[State, int] = msgspec.field(default_factory=dict)


class Depth(Record, frozen=True, kw_only=True):
    """How many jobs of one queue and class wait, and since when the oldest does (milliseconds)."""

    queue: str
    job_class: JobClass
    waiting: int
    held: int
    oldest_at: int


class Wanted(Record, frozen=True, kw_only=True):
    """Which jobs to list; empty: all. Without `children` an array is its parent alone."""

    states: Collection[State] = ()
    classes: Collection[JobClass] = ()
    queues: Collection[str] = ()
    children: bool = True

    def fits(self, job: Job) -> bool:
        """Whether the job is one of them."""
        return (
            (not self.states or job.outcome in self.states)
            and (not self.classes or job.job_class in self.classes)
            and (not self.queues or job.queue in self.queues)
            and (self.children or job.parent is None)
        )

    @property
    def lanes(self) -> Sequence[Lane]:
        """Where they may be, those that run first."""
        wanted = set(self.states) or set(State)
        return [lane for lane, states in _STATES.items() if states & wanted]


_WAITING = frozenset({State.WAITING})
_STATES: Mapping[Lane, frozenset[State]] = {
    Lane.OPEN: frozenset({State.PLACING, State.RUNNING}),
    Lane.ARRAYS: _WAITING,
    Lane.WAITING: _WAITING,
    Lane.HELD: _WAITING,
    Lane.DONE: frozenset(state for state in State if state.final),
}


class Desk:
    """What the owner may ask. All raise LedgerUnavailable."""

    def __init__(self, ledger: Ledger, wakes: Wakes, clock: Clock, new_id: Callable[[], str]) -> None:
        self._ledger = ledger
        self._wakes = wakes
        self._clock = clock
        self._new_id = new_id

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, or all of an array: at once what waits, and what runs as soon as it has stopped.

        Raises JobUnknown, JobEnded, and EventsUnavailable when it is marked and nobody could be told.
        """
        job = self.cancellable(job_id)
        now = round(self._clock().timestamp() * 1000)
        changed(self._ledger, job, lambda it: cancelled(it, now=now))
        if job.size is not None:
            cancel_children(self._ledger, job, now=now)
        self._wakes.wake(job.cluster, self._new_id())
        return self._job(job_id)

    def cancellable(self, job_id: str) -> Job:
        """The job, if it can still be cancelled. Raises JobUnknown and JobEnded."""
        job = self._job(job_id)
        if job.outcome.final:
            raise JobEnded(f"job {job_id} is {job.outcome} already; there is nothing to cancel")
        return job

    def show(self, job_id: str) -> Sight:
        """All about one job. Raises JobUnknown."""
        job = self._job(job_id)
        known = self._forebears(job)
        parents = {id_: known[id_].outcome if id_ in known else None for id_ in job.depends_on}
        around = circle(job.id, {id_: it.depends_on for id_, it in known.items() if it.held or it.size})
        children = self._children(job)
        return Sight(
            job=job,
            outcome=job.outcome,
            waits=self._held(parents, around) if _is_held(job, parents, children) else self._why(job),
            place=self._place(job),
            parents=parents,
            circle=around,
            children=children,
        )

    def listed(self, cluster: str, wanted: Wanted, *, limit: int | None = None) -> Iterator[Job]:
        """Those that run, then those that wait in their order, then those that are over, newest first."""
        jobs = chain.from_iterable(self._ledger.listed(cluster, lane) for lane in wanted.lanes)
        return islice((job for job in jobs if wanted.fits(job)), limit)

    def depth(self, cluster: str) -> Sequence[Depth]:
        """Each queue's and class's waiting jobs, the most urgent class first."""
        found: dict[tuple[str, JobClass], Depth] = {}
        for lane in (Lane.WAITING, Lane.HELD):
            for job in self._ledger.listed(cluster, lane):
                key = (job.queue, job.job_class)
                found[key] = _deeper(found.get(key), job)
        order = list(JobClass)
        return sorted(found.values(), key=lambda it: (it.queue, order.index(it.job_class)))

    def _job(self, job_id: str) -> Job:
        found = self._ledger.get_many([job_id]).get(job_id)
        if found is None:
            raise JobUnknown(f"there is no job {job_id!r}; `everyday jobs list` shows those there are")
        return found

    def _forebears(self, job: Job) -> Mapping[str, Job]:
        """The job, those that it depends on, those that they depend on, and so on."""
        known = {job.id: job}
        asked = {job.id}
        ahead = set(job.depends_on) - asked
        while ahead and len(asked) < _FAR_BACK:
            asked |= ahead
            found = self._ledger.get_many(sorted(ahead))
            known.update(found)
            ahead = {id_ for it in found.values() if not it.outcome.final for id_ in it.depends_on} - asked
        return known

    def _held(self, parents: Mapping[str, State | None], around: Sequence[str]) -> str:
        if around:
            return f"{' waits for '.join([*around, around[0]])}: none of them can ever start; cancel one"
        told = [
            f"{id_} ({state or 'no job of that id is known'})"
            for id_, state in parents.items()
            if state is not State.SUCCEEDED
        ]
        return (
            f"waits for {', '.join(told)}" if told else "what it waited for has succeeded; it queues shortly"
        )

    def _why(self, job: Job) -> str | None:
        if job.state is not State.WAITING:
            return None
        board = self._ledger.board(job.cluster)
        index = board.waits_of.get(job.id) if board else None
        return board.waits[index].text if board is not None and index is not None else job.reason

    def _place(self, job: Job) -> int | None:
        if job.state is not State.WAITING or job.held or job.size is not None:
            return None
        queue = enumerate(self._ledger.listed(job.cluster, Lane.WAITING), 1)
        return next((place for place, each in queue if each.id == job.id), None)

    def _children(self, job: Job) -> Mapping[State, int]:
        found = self._ledger.get_many([f"{job.id}/{index}" for index in range(job.size or 0)])
        return dict(Counter(child.state for child in found.values()))


def _is_held(job: Job, parents: Mapping[str, State | None], children: Mapping[State, int]) -> bool:
    """Whether it waits for other jobs; of an array it is the children that are held."""
    if job.size is None:
        return job.held
    return set(children) <= _WAITING and any(state is not State.SUCCEEDED for state in parents.values())


def _deeper(depth: Depth | None, job: Job) -> Depth:
    return Depth(
        queue=job.queue,
        job_class=job.job_class,
        waiting=(depth.waiting if depth else 0) + (not job.held),
        held=(depth.held if depth else 0) + job.held,
        oldest_at=min(depth.oldest_at, job.enqueued_at) if depth else job.enqueued_at,
    )
