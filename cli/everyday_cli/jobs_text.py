"""Words, spans of time and bars as the jobs commands show them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from everyday.jobs.model import Amount, Job, JobClass, State
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


def needs(amount: Amount) -> str:
    """Such as `100 MiB, 256 CPU`."""
    parts = [(amount.memory, "MiB"), (amount.cpu, "CPU"), (amount.gpu, "GPU")]
    return ", ".join(f"{size} {unit}" for size, unit in parts if size) or "nothing"


def span(milliseconds: int) -> str:
    """A length of time in two units at most: `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    seconds = max(0, milliseconds) // 1000
    for size, unit, small, smaller in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // small
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


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


def standing(instance: "BoardInstance") -> str:
    """How many tasks run on it, and what it waits for."""
    told = f"{instance.tasks} task{'' if instance.tasks == 1 else 's'}"
    if not instance.open:
        told += "; takes no more"
    if instance.reserved_for:
        when = f" from about {clock(instance.expected_at)[:5]} UTC" if instance.expected_at else ""
        told += f"; the rest is kept for {instance.reserved_for}{when}"
    return told
