"""The contract of every command: what goes to stdout and stderr, how errors are told, how work is shown.

With `--json` a command writes exactly one JSON document on stdout; an error is
`{"error": {"type", "message"}}`.
"""

import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from everyday.ports import Progress

LOG = Path(".everyday/logs/everyday.log")
"""Where tracebacks go, from the folder in which the command was started."""

_PIPE_WIDTH = 1_000  # wide enough for any line of ours

_SECRETS = re.compile(
    r"(?P<name>(?:access_token|client_secret|fb_exchange_token|sig|signature|x-amz-[a-z-]+|authorization)"
    r"['\"]?\s*[=:]\s*['\"]?(?:Bearer |Ghost )?)[^\s&'\",}]+"
    r"|[0-9a-f]{24}:[0-9a-f]{64}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bIG[A-Za-z0-9_-]{30,}"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """The text with everything that looks like a token, a key or a signature taken out."""
    return _SECRETS.sub(lambda match: f"{match['name'] or ''}[hidden]", text)


@dataclass
class Output:
    """Where one command writes. `json`: a program reads; `debug`: tracebacks are shown."""

    json: bool = False
    debug: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def result(self, document: object, show: Callable[["Console"], None]) -> None:
        """The command's answer: `document` as JSON for a program, else `show` writes it for a person."""
        if self.json:
            click.echo(_json(document))
        elif sys.stdout.isatty():
            show(console())
        else:
            click.echo(_plain(show), nl=False)
        sys.stdout.flush()

    def log(self, text: str) -> None:
        """One line for a person, on stderr."""
        click.echo(text, err=True)

    @contextmanager
    def progress(self, *, expected: int | None = None) -> "Iterator[Progress]":
        """Bars on a terminal; nothing on a pipe or with --json. `expected`: steps of work that cannot say."""
        with self.progresses(1, expected) as shown:
            yield shown[0]

    @contextmanager
    def progresses(self, count: int, expected: int | None = None) -> "Iterator[Sequence[Progress]]":
        """The same for works that are done side by side."""
        from everyday.ports import Silent

        if self.json or not sys.stderr.isatty():
            yield [Silent() for _ in range(count)]
            return
        with _bars() as rich_progress:
            shown = [Bars(rich_progress, expected) for _ in range(count)]
            yield shown
            for bars in shown:
                bars.done()


class Bars:
    """Progress as rich's bars: one line for each `begin`, with bytes and their rate where told."""

    def __init__(self, progress: "RichProgress", expected: int | None = None) -> None:
        self._progress = progress
        self._expected = expected
        self._task: TaskID | None = None
        self._size = 0
        self._lock = Lock()

    def begin(self, what: str, total: int | None) -> None:
        with self._lock:
            self._finish()
            self._size = 0
            total = self._expected if total is None else total
            self._task = self._progress.add_task(
                what[:1].upper() + what[1:], total=total, amount="", label=""
            )

    def step(self, label: str, *, size: int = 0) -> None:
        with self._lock:
            if self._task is not None:
                self._size += size
                amount = self._amount(self._progress.tasks[self._task].elapsed)
                self._progress.update(self._task, advance=1, label=label, amount=amount)

    def done(self) -> None:
        """The work ended well: fill the last bar."""
        with self._lock:
            self._finish()

    def _amount(self, seconds: float | None) -> str:
        rate = f" at {self._size / seconds / 1e6:.1f} MB/s" if seconds else ""
        return f"{self._size / 1e6:.1f} MB{rate}" if self._size else ""

    def _finish(self) -> None:
        if self._task is not None:
            done = self._progress.tasks[self._task].completed
            self._progress.update(self._task, total=done, completed=done, label="")
            self._progress.stop_task(self._task)


def console(*, err: bool = False) -> "Console":
    """A rich console; on a pipe it writes plain text and never wraps a line."""
    from rich.console import Console

    stream: IO[str] = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, soft_wrap=not stream.isatty(), highlight=False)


def _plain(show: Callable[["Console"], None]) -> str:
    """What `show` writes, without the spaces that fill up a table's last column."""
    from rich.console import Console

    text = StringIO()
    show(Console(file=text, width=_PIPE_WIDTH, soft_wrap=True, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().split("\n")[:-1])


def _json(document: object) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=2).decode()


def _bars() -> "RichProgress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.table import Column

    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        Elapsed(),
        TextColumn("{task.fields[amount]}", markup=False),
        TextColumn(
            "{task.fields[label]}",
            style="dim",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis"),
        ),
        console=console(err=True),
    )


def tell_error(kind: str, message: str, *, as_json: bool) -> None:
    """Say what went wrong: as the one JSON document, or on stderr for a person."""
    message = without_secrets(message)
    if as_json:
        click.echo(_json({"error": {"type": kind, "message": message}}))
    else:
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {message}", err=True)


def tell_fault(error: Exception, *, output: Output) -> None:
    """Say that the program itself failed, and keep the traceback where it can be read, without secrets."""
    trace = without_secrets("".join(traceback.format_exception(error)))
    if output.debug:
        click.echo(trace, err=True)
    hint = "" if output.debug else f" ({_kept(trace)}; or run it again with --debug)"
    tell_error("Fault", f"unexpected {type(error).__name__}: {error}{hint}", as_json=output.json)


def _kept(trace: str) -> str:
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z\n{trace}\n")
        LOG.chmod(0o600)
    except OSError as problem:
        return f"the details could not be kept: {problem}"
    return f"details: {LOG}"


def current() -> Output:
    """The output of the running command."""
    found: Any = click.get_current_context().find_object(Output)
    return found if isinstance(found, Output) else Output()
