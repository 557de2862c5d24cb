"""In which of the ledger's lists a job is, and where in it."""

from everyday.jobs.model import Job, State
from everyday.jobs.ports import Lane

FAR = 10**15
"""A deadline after all others, in milliseconds: of what needs no looking after."""


def lane_of(job: Job) -> Lane:
    """The one list that the job is in."""
    if job.state.final:
        return Lane.DONE
    if job.size is not None:
        return Lane.ARRAYS
    if job.state is State.WAITING:
        return Lane.HELD if job.held else Lane.WAITING
    return Lane.OPEN


def sort_key(job: Job) -> tuple[int, str]:
    """Its place in its list; ids break ties."""
    match lane_of(job):
        case Lane.DONE:
            return job.finished_at or 0, job.id
        case Lane.OPEN:
            return FAR if job.deadline is None else job.deadline, job.id
        case _:
            return job.rank, job.id
