"""What decides the order of waiting jobs, written once when a job is accepted."""

from everyday.jobs.model import JobClass

_STEPS = {JobClass.HIGH: 2, JobClass.NORMAL: 1, JobClass.LOW: 0}


def rank_of(enqueued_ms: int, job_class: JobClass, step_ms: int) -> int:
    """The moment it was enqueued minus what its class is worth: the lowest goes first.

    `step_ms`: how much earlier than the next class a class counts. Constant steps make waiting count by
    itself: a job is overtaken by those of the next class only while they are less than a step younger. All in
    milliseconds.
    """
    return enqueued_ms - _STEPS[job_class] * step_ms
