"""The children of an array, many at a time. Each step may be done again: nothing is made or ended twice."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from everyday.errors import LedgerConflict
from everyday.jobs.life import cancelled
from everyday.jobs.model import Job, Overrides, State
from everyday.jobs.ports import Ledger
from everyday.jobs.submit import children_of

THREADS = 16
"""A child is one write of some milliseconds: so many side by side make 10,000 of them a matter of seconds."""

_TRIES = 5
_In = TypeVar("_In")
_Out = TypeVar("_Out")


def add_children(ledger: Ledger, parent: Job, *, held: bool, now: int) -> Sequence[Job]:
    """Add the children that are not there yet, and return them all.

    The parent was stored before, so a child that ends at once is counted. When the array was cancelled in the
    meantime, so are they: whoever cancels marks the parent first and then ends the children it finds.
    """
    wanted = list(children_of(parent, held=held))
    children = _side_by_side(lambda child: ledger.add(child, Overrides()), wanted)
    marked = ledger.get_many([parent.id]).get(parent.id)
    if marked is not None and marked.ending is State.CANCELLED:
        cancel_children(ledger, marked, now=now)
    return children


def cancel_children(ledger: Ledger, parent: Job, *, now: int) -> None:
    """Cancel each child that has not ended."""
    found = ledger.get_many([f"{parent.id}/{index}" for index in range(parent.size or 0)])
    unended = [child for child in found.values() if not child.state.final]
    _side_by_side(lambda child: changed(ledger, child, lambda job: cancelled(job, now=now)), unended)


def changed(ledger: Ledger, job: Job, change: Callable[[Job], Job]) -> Job:
    """Apply a transition, again on what is there now when somebody else was faster.

    Raises LedgerConflict when somebody always is.
    """
    for _ in range(_TRIES):
        new = change(job)
        if new is job:
            return job
        try:
            return ledger.put(new)
        except LedgerConflict:
            job = ledger.get_many([job.id]).get(job.id, job)
    raise LedgerConflict(f"job {job.id} changes all the time; try again")


def outcomes(ledger: Ledger, ids: Iterable[str]) -> Mapping[str, State]:
    """What the known ones among these jobs and arrays came to, or where they stand."""
    return {id_: job.outcome for id_, job in ledger.get_many(list(ids)).items()}


def _side_by_side(work: Callable[[_In], _Out], values: Sequence[_In]) -> list[_Out]:
    with ThreadPoolExecutor(max(1, min(THREADS, len(values)))) as pool:
        return list(pool.map(work, values))
