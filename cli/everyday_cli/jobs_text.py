"""Words, spans of time and bars as the jobs commands show them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from everyday.jobs.model import Job, JobClass, State
from everyday.jobs.words import standing
from everyday_cli import text

if TYPE_CHECKING:
    from everyday.jobs.board import BoardInstance

BAR = 24
"""Characters of a bar."""

_COLOURS = {
    State.WAITING: "yellow",
    State.PLACING: "cyan",
    State.RUNNING: "cyan",
    State.SUCCEEDED: "green",
    State.CANCELLED: "dim",
}
_CLASSES = {JobClass.HIGH: "bold", JobClass.NORMAL: "", JobClass.LOW: "dim"}


def table(*columns: str) -> Table:
    """On a narrow terminal only ids and reasons get shorter."""
    numbers = {"waiting", "held", "oldest", "for", "attempt", "tasks", "jobs"}
    return text.table(*columns, numbers=numbers, texts={"why", "id"})


def state(which: State) -> Text:
    """A state in its colour."""
    return Text(which.value.lower().replace("_", " "), style=_COLOURS.get(which, "red"))


def job_class(which: JobClass) -> Text:
    """A class: the more urgent, the stronger."""
    return Text(which.value, style=_CLASSES[which])


def job_id(job: Job) -> Text:
    """A job's name; of an array with how many it is."""
    return text.line(f"{job.id} ×{job.size}" if job.size else job.id)


def clock(milliseconds: int) -> str:
    """Such as `12:04:10 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M:%S} UTC"


def bar(used: int, whole: int, *, kept: bool, width: int = BAR) -> Text:
    """What is used, and the rest: free, or `kept` for a job that waits for it."""
    filled = round(width * used / whole) if whole else 0
    # What is used at all can be seen, and so can what is left.
    filled = min(max(filled, used > 0), width - (used < whole))
    rest = Text("▒" * (width - filled), "yellow") if kept else Text("░" * (width - filled), "dim")
    return Text("█" * filled, "cyan") + rest


def instance_bars(instance: "BoardInstance") -> list[Text]:
    """One instance: its name and standing, then a bar for each dimension."""
    used = instance.registered - instance.free
    parts = [
        ("memory", used.memory, instance.registered.memory, "MiB"),
        ("CPU", used.cpu, instance.registered.cpu, "units"),
        ("GPU", used.gpu, instance.registered.gpu, ""),
    ]
    kept = instance.reserved_for is not None
    return [
        Text.assemble(instance.ec2_id, "  ", (standing(instance), "dim"), overflow="ellipsis", no_wrap=True),
        *(
            Text.assemble(f"  {name:7}", bar(part, whole, kept=kept), f"  {part} of {whole} {unit}".rstrip())
            for name, part, whole, unit in parts
            if whole
        ),
    ]
