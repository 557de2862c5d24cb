"""`everyday jobs`: the group, and the commands that look at jobs or cancel them."""

from typing import TYPE_CHECKING

import click

from everyday_cli.commands import Group
from everyday_cli.jobs_stores import Target, cluster_target, stage_target
from everyday_cli.output import current

if TYPE_CHECKING:
    from everyday.jobs.model import JobClass, State

EXAMPLES = """
everyday jobs submit job.json     one job, a list of them, or one a line
everyday jobs watch               what runs and waits, until nothing is left
everyday jobs show ID             why it waits, its place, what it depends on
everyday jobs queue               what waits, in its order, and why
everyday jobs simulate --workload blog --policy everyday
"""

LAZY = {
    "submit": ("everyday_cli.jobs_submit_command:submit", "Send jobs from a file, or from stdin."),
    "watch": ("everyday_cli.jobs_watch_command:watch", "Look on until nothing is left to do."),
    "queue": ("everyday_cli.jobs_cluster_commands:queue", "What waits, in its order, and why."),
    "cluster": ("everyday_cli.jobs_cluster_commands:cluster", "Each instance with what is used and free."),
    "simulate": ("everyday_cli.jobs_simulate_command:simulate", "Try workloads and policies, offline."),
}

_STATES = ["WAITING", "PLACING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "REJECTED", "TIMED_OUT"]


@click.group(cls=Group, lazy=LAZY, examples=EXAMPLES)
def jobs() -> None:
    """Run container jobs on an ECS cluster, in priority order."""


@jobs.command(
    "list",
    short_help="List what runs, what waits and what ended.",
    examples="""
    everyday jobs list
    everyday jobs list --state failed --state rejected
    everyday jobs list --class high --queue reports --limit 0 --json
    """,
)
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES, case_sensitive=False))
@click.option("--class", "classes", multiple=True, type=click.Choice(["high", "normal", "low"]))
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="May be given several times.")
@click.option("--children", is_flag=True, help="The jobs of arrays one by one.")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="0 shows all.")
@cluster_target
def list_(
    target: Target,
    *,
    states: "tuple[State, ...]",
    classes: "tuple[JobClass, ...]",
    queues: tuple[str, ...],
    children: bool,
    limit: int,
) -> None:
    """List jobs: those that run, those that wait in their order, those that ended, newest first."""
    from everyday.jobs.desk import Wanted
    from everyday.jobs.model import JobClass, State
    from everyday_cli import jobs_views as views
    from everyday_cli.jobs_documents import of_job

    wanted = Wanted(
        states=tuple(map(State, states)),
        classes=tuple(map(JobClass, classes)),
        queues=queues,
        children=children,
    )
    found = list(target.desk.listed(target.cluster, wanted, limit=limit or None))
    all_of_them = wanted == Wanted(children=children)
    current().result(
        [of_job(job) for job in found],
        lambda console: views.show_jobs(console, found, target.now(), limit=limit, all_of_them=all_of_them),
    )


@jobs.command(
    short_help="Show one job: why it waits, and its place.", examples="everyday jobs show resize-2026-03-04"
)
@click.argument("job_id", metavar="ID")
@stage_target
def show(target: Target, *, job_id: str) -> None:
    """Show one job: where it stands, why it waits, its place, and what it depends on."""
    from everyday_cli import jobs_views as views
    from everyday_cli.jobs_documents import of_sight

    sight = target.desk.show(job_id)
    current().result(of_sight(sight), lambda console: views.show_job(console, sight, target.now()))


@jobs.command(
    short_help="Cancel jobs that wait or run.",
    examples="""
    everyday jobs cancel resize-2026-03-04
    everyday jobs cancel transcode transcode-2 --dry-run
    """,
)
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Say what would be cancelled; change nothing.")
@stage_target
def cancel(target: Target, *, job_ids: tuple[str, ...], dry_run: bool) -> int:
    """Cancel jobs: at once what waits, and what runs as soon as its task has stopped."""
    from everyday.errors import JobError
    from everyday_cli import jobs_views as views
    from everyday_cli.jobs_documents import of_job

    done, failed = [], {}
    for job_id in dict.fromkeys(job_ids):
        try:
            done.append(target.desk.cancellable(job_id) if dry_run else target.desk.cancel(job_id))
        except JobError as error:
            failed[job_id] = str(error)
    document = {
        "cancelled": [of_job(job) for job in done],
        "failed": [{"id": job_id, "reason": reason} for job_id, reason in failed.items()],
        "dry_run": dry_run,
    }
    current().result(document, lambda console: views.show_cancelled(console, done, failed, dry_run=dry_run))
    return 1 if failed else 0
