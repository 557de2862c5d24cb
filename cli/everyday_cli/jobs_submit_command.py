"""`everyday jobs submit`: jobs from a file to the job queue."""

from collections.abc import Collection, Mapping, Sequence
from typing import IO, TYPE_CHECKING, NamedTuple

import click

from everyday_cli.commands import Command
from everyday_cli.jobs_stores import Target, stage_target
from everyday_cli.output import current

if TYPE_CHECKING:
    from everyday.jobs.messages import Submission
    from everyday.jobs.model import Job
    from everyday.ports import Progress

_LOOK_SECONDS = 1.0


class Sorted(NamedTuple):
    """`new`: to be sent. `known`: the jobs that are there already, by id. `rejected`: when those were sent
    whose ids the new ones take over."""

    new: "Sequence[Submission]"
    known: "Mapping[str, Job]"
    rejected: Mapping[str, int]


@click.command(
    cls=Command,
    examples="""
        everyday jobs submit examples/jobs/single.json
        everyday jobs submit night.jsonl --wait
        make-jobs | everyday jobs submit - --dry-run
    """,
)
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Check the jobs and say what would be sent; send nothing.")
@click.option("--wait", is_flag=True, help="Stay until all of them ended; exit 1 unless all succeeded.")
@click.option("--again", is_flag=True, help="Give jobs without an id of their own new ones.")
@stage_target
def submit(target: Target, *, file: IO[str], dry_run: bool, wait: bool, again: bool) -> int:
    """Send jobs: FILE is one JSON object, a list of them, or one object a line; - reads stdin.

    All are checked before any is sent. A job is known by its id, so sending one again is harmless. A job
    without an id gets one that follows from what it says; --again runs such a job once more.
    """
    from everyday_cli import jobs_views as views

    jobs = _read(file, again=again)
    ids = [job.id for job in jobs]
    sorted_ = _sort(target, jobs)
    if not dry_run:
        target.queue.submit([job.body for job in sorted_.new])
    ended = _wait(target, ids, sorted_.rejected) if wait and not dry_run else {}
    document = {
        "jobs": [_document(job, sorted_, ended) for job in jobs],
        "sent": 0 if dry_run else len(sorted_.new),
        "duplicates": len(sorted_.known),
        "dry_run": dry_run,
    }
    current().result(
        document,
        lambda console: views.show_submitted(console, jobs, sorted_.known, ended, dry_run=dry_run),
    )
    return 0 if all(job.outcome == "SUCCEEDED" for job in ended.values()) else 1


def _read(file: IO[str], *, again: bool) -> "Sequence[Submission]":
    from everyday.clients import new_id
    from everyday.errors import InvalidMessageError
    from everyday_cli.jobs_files import read

    try:
        return read(file.read(), salt=new_id() if again else "")
    except (InvalidMessageError, UnicodeError) as error:
        lines = str(error).splitlines()
        more = f"\nand {len(lines) - 20} more" if len(lines) > 20 else ""
        told = "\n".join(lines[:20])
        raise click.ClickException(f"nothing was sent; in {file.name}:\n{told}{more}") from error


def _sort(target: Target, jobs: "Sequence[Submission]") -> Sorted:
    """Part what is new from what is there. Raises ClickException when an id or a cluster cannot be had."""
    from everyday.jobs.model import State

    found = target.ledger.get_many([job.id for job in jobs])
    known = {id_: job for id_, job in found.items() if job.state is not State.REJECTED}
    rejected = {id_: job.enqueued_at for id_, job in found.items() if id_ not in known}
    wrong = [
        f"{job.message_id}: id {job.id} was used before, for another job; choose a new one"
        for job in jobs
        if job.id in known and known[job.id].payload != job.payload
    ]
    clusters = target.settings.clusters
    wrong += [
        f"{job.message_id}: cluster: there is no {job.job.cluster}; known: {', '.join(clusters)}"
        for job in jobs
        if job.job.cluster not in (None, *clusters)
    ]
    if wrong:
        raise click.ClickException("nothing was sent:\n" + "\n".join(wrong))
    return Sorted([job for job in jobs if job.id not in known], known, rejected)


def _wait(target: Target, ids: Collection[str], rejected: Mapping[str, int]) -> "Mapping[str, Job]":
    with current().progress() as progress:
        progress.begin("Running", len(ids))
        return _ended(target, ids, rejected, progress)


def _ended(
    target: Target, ids: Collection[str], rejected: Mapping[str, int], progress: "Progress"
) -> "Mapping[str, Job]":
    """The jobs once all of them are over; what was `rejected` before does not count."""
    ended: dict[str, Job] = {}
    while True:
        left = [id_ for id_ in ids if id_ not in ended]
        for id_, job in target.ledger.get_many(left).items():
            if job.outcome.final and job.enqueued_at != rejected.get(id_):
                ended[id_] = job
                progress.step(f"{id_} {job.outcome}")
        if len(ended) == len(ids):
            return ended
        target.pause(_LOOK_SECONDS)


def _document(job: "Submission", sorted_: Sorted, ended: "Mapping[str, Job]") -> Mapping[str, object]:
    known = ended.get(job.id) or sorted_.known.get(job.id)
    return {
        "id": job.id,
        "duplicate": job.id in sorted_.known,
        "state": known.outcome if known else None,
        "reason": known.reason if known else None,
        "exit_code": known.exit_code if known else None,
    }
