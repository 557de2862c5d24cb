"""The children of an array, many at a time. Each step may be done again: nothing is made or ended twice."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from everyday.errors import LedgerConflict
from everyday.jobs.life import cancelled
from everyday.jobs.model import Job, State
from everyday.jobs.ports import Ledger
from everyday.jobs.submit import children_of

_TRIES = 5


def add_children(ledger: Ledger, parent: Job, *, held: bool, now: int) -> Sequence[Job]:
    """Add the children that are not there yet, and return all, as they were when new.

    The parent was stored before, so a child that ends at once is counted. When the array was cancelled in the
    meantime, so are they: whoever cancels marks the parent first and then ends the children it finds.
    """
    children = list(children_of(parent, held=held))
    last = children[-1].id
    if last not in ledger.get_many([last]):
        ledger.add_all(children)
    marked = ledger.get_many([parent.id]).get(parent.id)
    if marked is not None and marked.ending is State.CANCELLED:
        cancel_children(ledger, marked, now=now)
    return children


def cancel_children(ledger: Ledger, parent: Job, *, now: int) -> None:
    """Cancel each child that has not ended. Raises LedgerConflict when others change them all the time."""
    ids = [f"{parent.id}/{index}" for index in range(parent.size or 0)]
    for _ in range(_TRIES):
        found = ledger.get_many(ids).values()
        changes = [new for job in found if (new := cancelled(job, now=now)) is not job]
        if not changes:
            return
        ledger.put_all(changes)
        ids = [job.id for job in changes]
    raise LedgerConflict(f"the jobs of {parent.id} change all the time; try again")


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
