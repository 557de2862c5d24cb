"""How the jobs commands look on a terminal. Texts from outside are never read as rich's markup."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from everyday.jobs.model import State
from everyday.jobs.words import said, span
from everyday_cli.jobs_documents import of_time
from everyday_cli.jobs_text import instance_bars, job_class, job_id, state, table
from everyday_cli.text import and_more, line, reasons, words

if TYPE_CHECKING:
    from rich.console import Console

    from everyday.jobs.board import Board
    from everyday.jobs.desk import Depth, Sight
    from everyday.jobs.messages import Submission
    from everyday.jobs.model import Job

_INSTANCES = 20


def show_submitted(
    console: "Console",
    jobs: "Sequence[Submission]",
    known: "Mapping[str, Job]",
    ended: "Mapping[str, Job]",
    *,
    dry_run: bool,
) -> None:
    """What was sent, what was there already, and how it went for those that were waited for."""
    new = [job for job in jobs if job.id not in known]
    if new:
        verb = "would be sent" if dry_run else "sent"
        console.print(f"[bold]{len(new)}[/] job{_s(len(new))} {verb}: {_names([job.id for job in new])}")
    for job in list(known.values())[:20]:
        told = Text.assemble(f"{job.id} is known and ", ("not started again", "bold"), ": it is ")
        console.print(told + state(job.outcome))
    and_more(console, len(known))
    if known and not new:
        console.print("To run other work give it another id; without an id of its own: --again")
    if ended:
        good = sum(job.outcome is State.SUCCEEDED for job in ended.values())
        console.print(f"[bold]{good}[/] of {len(ended)} succeeded")
        bad = [job for job in ended.values() if job.outcome is not State.SUCCEEDED]
        reasons(console, "Did not succeed", [(job.id, _why_ended(job)) for job in bad], style="red")
    elif new and not dry_run:
        console.print("[dim]Follow with: everyday jobs watch[/]")


def show_jobs(console: "Console", jobs: "Sequence[Job]", now: int, *, limit: int, all_of_them: bool) -> None:
    """A table; with reasons where there are any."""
    if not jobs:
        console.print("No job yet. `everyday jobs submit FILE` sends one." if all_of_them else "No such job.")
        return
    whys = any(it.reason or it.size for it in jobs)
    rows = table("id", "class", "queue", "state", "for", *(["why"] if whys else []))
    for job in jobs:
        row = job_id(job), job_class(job.job_class), job.queue, state(job.outcome), span(_spent(job, now))
        rows.add_row(*row, *([line(job.reason or _progress(job))] if whys else []))
    console.print(rows)
    if len(jobs) == limit:
        console.print(f"[dim]the first {limit}; --limit 0 shows all[/]")


def show_job(console: "Console", sight: "Sight", now: int) -> None:
    """Everything known of one job."""
    job = sight.job
    console.print(Text.assemble((job.id, "bold"), "  ", state(sight.outcome)))
    facts = {
        "why it waits": sight.waits,
        "why": job.reason if job.reason != sight.waits else None,
        "place": f"{sight.place} in the queue" if sight.place else None,
        "class": f"{job.job_class.value}, queue {job.queue}, cluster {job.cluster}",
        "needs": said(job.demand.amount),
        "submitted": f"{_time(job.enqueued_at)} ({span(now - job.enqueued_at)} ago)",
        "started": _time(job.started_at),
        "ended": f"{_time(job.finished_at)} after {span(_spent(job, now))}" if job.finished_at else None,
        "exit code": None if job.exit_code is None else str(job.exit_code),
        "attempt": f"{job.attempt}, {job.lost} lost" if job.attempt > 1 else None,
        "instance": job.ec2_id,
        "task": job.task,
        "definition": job.task_definition,
        "group": f"{job.group.id}, {job.group.size} jobs start together" if job.group else None,
        "array": _progress(job) or None,
    }
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            grid.add_row(f"[dim]{name}[/]", Text(line(value).plain, overflow="fold"))
    console.print(grid)
    _show_around(console, sight)


def _show_around(console: "Console", sight: "Sight") -> None:
    if sight.children:
        told = ", ".join(f"{count} {which.value.lower()}" for which, count in sight.children.items())
        console.print(f"children: {told}")
    for id_, outcome in sight.parents.items():
        console.print(Text.assemble("depends on ", id_, "  ", state(outcome) if outcome else "not sent yet"))


def show_cancelled(
    console: "Console", done: "Sequence[Job]", failed: Mapping[str, str], *, dry_run: bool
) -> None:
    """What became of each."""
    for job in done:
        if dry_run:
            told = "would be cancelled"
        elif job.outcome.final:
            told = "cancelled"
        else:
            told = "ends as soon as its task has stopped"
        console.print(Text.assemble((job.id, "bold"), f" {told}"))
    reasons(console, "Not cancelled", list(failed.items()), style="red")


def show_depth(console: "Console", depth: "Sequence[Depth]", now: int) -> None:
    """One line for each queue and class."""
    rows = table("queue", "class", "waiting", "held", "oldest")
    for each in depth:
        counts = str(each.waiting), str(each.held or "")
        rows.add_row(each.queue, job_class(each.job_class), *counts, span(now - each.oldest_at))
    console.print(rows)


def show_queue(
    console: "Console",
    depth: "Sequence[Depth]",
    jobs: "Sequence[tuple[int, Job]]",
    whys: Mapping[str, str],
    board: "Board | None",
    now: int,
) -> None:
    """The depth, then the jobs in their order with reasons."""
    if not depth:
        console.print("Nothing waits.")
        return
    show_depth(console, depth, now)
    console.print()
    console.print(waiting_table(jobs, whys, now))
    left = sum(each.waiting for each in depth) - len(jobs)
    if left > 0:
        console.print(f"[dim]and {left} behind them; --limit 0 shows all[/]")
    held = sum(each.held for each in depth)
    if held:
        console.print(f"[dim]{held} held until what they depend on has succeeded: everyday jobs show ID[/]")
    show_trouble(console, board)


def waiting_table(jobs: "Sequence[tuple[int, Job]]", whys: Mapping[str, str], now: int) -> Table:
    """Waiting jobs with their places, and their reasons where the job before has another."""
    rows, above = table("place", "id", "class", "for", "why"), None
    for place, job in jobs:
        why = whys.get(job.id) or job.reason or f"needs {said(job.demand.amount)}; not looked at yet"
        told = words(why) if why != above else Text("the same", "dim")
        rows.add_row(f"{place:5}", job_id(job), job_class(job.job_class), span(now - job.enqueued_at), told)
        above = why
    return rows


def show_cluster(console: "Console", cluster: str, board: "Board | None", now: int) -> None:
    """Each instance as bars, and what it waits for."""
    if board is None:
        console.print(f"Nothing is known of cluster {cluster} yet: its first pass comes within a minute.")
        return
    console.print(
        f"[bold]{escape(cluster)}[/]  {board.instances_total} instance{_s(board.instances_total)}, "
        f"{board.waiting} waiting, as of {span(now - board.at)} ago"
    )
    console.print(Group(*instance_lines(board, _INSTANCES)))
    show_trouble(console, board)
    if not board.instances_total and board.waiting:
        console.print("An instance is started as soon as a job needs one.")


def instance_lines(board: "Board", most: int) -> list[Text]:
    """The instances, `most` of them."""
    told = [row for instance in board.instances[:most] for row in instance_bars(instance)]
    if board.instances_total > most:
        told.append(Text(f"and {board.instances_total - most} more; --json has them", "dim"))
    return told


def show_trouble(console: "Console", board: "Board | None") -> None:
    """Why nothing is started now."""
    if board and board.trouble:
        console.print(f"[red]{escape(board.trouble)}[/]")


def _why_ended(job: "Job") -> str:
    return job.reason or job.outcome.value.lower()


def _progress(job: "Job") -> str:
    if job.size is None:
        return ""
    failed = f", {job.tally.failed} did not" if job.tally.failed else ""
    return f"{job.tally.succeeded} of {job.size} succeeded{failed}"


def _spent(job: "Job", now: int) -> int:
    """How long it ran, runs, or waits."""
    if job.outcome.final and job.finished_at:
        return job.finished_at - (job.started_at or job.enqueued_at)
    return now - (job.started_at or job.enqueued_at)


def _time(milliseconds: int | None) -> str | None:
    return (of_time(milliseconds) or "").replace("T", " ").replace("Z", " UTC") or None


def _names(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"[dim]{' '.join(ids[:5])}{more}[/]"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
