"""The ledger in memory, for tests, the simulator and dry runs: held to its port by the contract suite.

Thread-safe; what it holds can be looked at: `jobs`, `calls`, `boards`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from threading import Lock

from msgspec.structs import replace

from everyday.errors import LedgerConflict
from everyday.jobs.board import Board
from everyday.jobs.lanes import lane_of, sort_key
from everyday.jobs.life import tallied
from everyday.jobs.model import Call, Job, Overrides, State, Tally
from everyday.jobs.overrides import of_child
from everyday.jobs.ports import Lane


class MemoryLedger:
    """A Ledger in dictionaries."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.calls: dict[str, Call] = {}
        self.boards: dict[str, Board] = {}
        self._overrides: dict[str, Overrides] = {}
        self._lanes: defaultdict[tuple[str, Lane], dict[str, Job]] = defaultdict(dict)
        self._lock = Lock()

    def add(self, job: Job, overrides: Overrides) -> Job:
        with self._lock:
            known = self.jobs.get(job.id)
            if known is None and job.version:
                raise LedgerConflict(f"job {job.id} is gone from the ledger since it was read")
            if known is not None and known.version != job.version:
                return known
            self._overrides[job.id] = overrides
            return self._store(replace(job, version=job.version + 1))

    def add_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.add(job, Overrides())

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Job]:
        with self._lock:
            return {id_: self.jobs[id_] for id_ in ids if id_ in self.jobs}

    def overrides(self, ids: Sequence[str]) -> Mapping[str, Overrides]:
        with self._lock:
            return {id_: self._overrides_of(self.jobs[id_]) for id_ in ids if id_ in self.jobs}

    def put(self, job: Job) -> Job:
        with self._lock:
            known = self.jobs.get(job.id)
            if known is None or known.version != job.version or known.state.final:
                raise LedgerConflict(f"job {job.id} changed in the ledger since it was read")
            new = self._store(replace(job, version=job.version + 1, tally=known.tally))
            self._count(new)
            return new

    def put_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            with suppress(LedgerConflict):
                self.put(job)

    def listed(
        self, cluster: str, lane: Lane, *, until: int | None = None, limit: int | None = None
    ) -> Iterator[Job]:
        with self._lock:
            found = sorted(self._lanes[cluster, lane].values(), key=sort_key, reverse=lane is Lane.DONE)
        if until is not None and lane is Lane.OPEN:
            found = [job for job in found if sort_key(job)[0] <= until]
        if until is not None and lane is Lane.DONE:
            found = [job for job in found if sort_key(job)[0] >= until]
        return islice(found, limit)

    def add_call(self, call: Call) -> None:
        with self._lock:
            self.calls.setdefault(call.id, call)

    def call(self, call_id: str) -> Call | None:
        return self.calls.get(call_id)

    def put_board(self, board: Board) -> None:
        with self._lock:
            known = self.boards.get(board.cluster)
            if known is None or known.at <= board.at:
                self.boards[board.cluster] = board

    def board(self, cluster: str) -> Board | None:
        return self.boards.get(cluster)

    def _store(self, job: Job) -> Job:
        old = self.jobs.get(job.id)
        if old is not None:
            self._lanes[old.cluster, lane_of(old)].pop(job.id, None)
        self.jobs[job.id] = self._lanes[job.cluster, lane_of(job)][job.id] = job
        return job

    def _count(self, child: Job) -> None:
        parent = self.jobs.get(child.parent or "")
        if parent is None or not child.state.final:
            return
        good = child.state is State.SUCCEEDED
        tally = Tally(succeeded=parent.tally.succeeded + good, failed=parent.tally.failed + (not good))
        self._store(tallied(parent, tally, at=child.finished_at))

    def _overrides_of(self, job: Job) -> Overrides:
        if job.parent is None or job.index is None:
            return self._overrides[job.id]
        return of_child(self._overrides.get(job.parent, Overrides()), job.index)
