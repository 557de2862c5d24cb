"""The live view of a cluster: what has ended and waits of each class, the instances, the next jobs."""

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from everyday.jobs.model import Job
from everyday.jobs.words import span
from everyday_cli import jobs_text
from everyday_cli.jobs_views import instance_lines
from everyday_cli.text import line

if TYPE_CHECKING:
    from everyday_cli.jobs_watching import Look

_INSTANCES = 3
_FEWEST = 4


def view(look: "Look", height: int) -> Group:
    """Everything that fits into so many lines."""
    parts: list[RenderableType] = [_head(look), _classes(look)]
    if look.board:
        parts += [Text(), *instance_lines(look.board, _INSTANCES)]
    if look.board and look.board.trouble:
        parts.append(Text(look.board.trouble, "red"))
    jobs = _jobs(look, max(_FEWEST, height - _height(look) - 3))
    if jobs.row_count:
        parts += [Text(), jobs]
    return Group(*parts)


def change(job: Job, at: int) -> str:
    """One line for a pipe: when, which job, where it is now."""
    where = f" on {job.ec2_id}" if job.ec2_id and not job.state.final else ""
    state = "held" if job.held else job.state.value.lower()
    why = f": {line(job.reason).plain}" if job.reason else ""
    return f"{jobs_text.clock(at)} {job.id} {state}{where}{why}"


def _head(look: "Look") -> Text:
    counts = {"running": len(look.running), "waiting": len(look.waiting), "held": len(look.held)}
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count or what != "held")
    return Text.assemble((told, "bold"), (f"  {jobs_text.clock(look.at)}, Ctrl-C ends the look", "dim"))


def _classes(look: "Look") -> Table:
    rows = Table.grid(padding=(0, 1))
    for job_class, waiting, running, ended in look.by_class():
        total = waiting + running + ended
        done, runs = (round(jobs_text.BAR * part / total) for part in (ended, running))
        left = max(0, jobs_text.BAR - done - runs)
        bar = Text.assemble(("█" * done, "green"), ("█" * runs, "cyan"), ("░" * left, "dim"))
        rows.add_row(
            jobs_text.job_class(job_class), bar, f"{ended} ended, {running} running, {waiting} waiting"
        )
    return rows


def _jobs(look: "Look", most: int) -> Table:
    """Those that run, then the next ones in their order."""
    rows = jobs_text.table("place", "id", "class", "for", "why")
    whys = look.board.whys if look.board else {}
    for job in look.running[: most - 1]:
        told = f"on {job.ec2_id or job.instance}" + (f"; {job.reason}" if job.reason else "")
        rows.add_row(jobs_text.state(job.state), *_row(job, look.at), line(told))
    for place, job in enumerate(look.waiting[: max(0, most - rows.row_count)], 1):
        rows.add_row(f"{place:7}", *_row(job, look.at), line(whys.get(job.id) or job.reason))
    return rows


def _row(job: Job, now: int) -> tuple[RenderableType, ...]:
    since = span(now - (job.started_at or job.enqueued_at))
    return jobs_text.job_id(job), jobs_text.job_class(job.job_class), since


def _height(look: "Look") -> int:
    """Lines above the jobs."""
    lines = 1 + len(list(look.by_class()))
    if look.board:
        lines += 1 + len(instance_lines(look.board, _INSTANCES)) + (look.board.trouble is not None)
    return lines
