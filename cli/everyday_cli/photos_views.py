"""How the photos commands look on a terminal. Texts from outside are never read as rich's markup."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from everyday.photos.catalog import State

if TYPE_CHECKING:
    from rich.console import Console

    from everyday.photos.backup import BackupPlan, BackupReport
    from everyday.photos.catalog import Entry
    from everyday.photos.model import Sidecar
    from everyday.photos.posting import Outcome, Planned, PostReport
    from everyday.photos.rebuild import RebuildReport
    from everyday.photos.restore import RestoreReport
    from everyday.photos.token import TokenReport
    from everyday.photos.verify import VerifyReport

_COLOURS = {
    State.POSTED: "green",
    State.KEPT: "green",
    State.PARKED: "red",
}
_SHOWN = 20


def show_backup(console: "Console", report: "BackupReport") -> None:
    """Counts on one line, then what waits and what failed, with reasons."""
    console.print(
        f"[bold]{report.listed}[/] listed: [green]{report.new} new[/], {report.edited} edited, "
        f"{report.unchanged} unchanged, {report.gone} gone from Instagram (kept here)"
    )
    console.print(f"{report.stored_files} files stored ({human_size(report.stored_bytes)})")
    _reasons(console, "Waiting for their files", [(it.id, it.reason) for it in report.waiting])
    _reasons(console, "Failed", [(it.id, it.reason) for it in report.failed], style="red")
    if report.paused_until:
        console.print(f"Instagram's rate limit: the next run goes on after {report.paused_until:%H:%M} UTC")
    elif report.note:
        console.print(f"[yellow]The walk ended early:[/] {escape(report.note)}")


def show_plan(console: "Console", plan: "BackupPlan") -> None:
    """What a run would do, by media ids."""
    console.print(f"[bold]{plan.listed}[/] listed, {plan.unchanged} need nothing. A run would:")
    for what, ids in (
        ("store, new", plan.new),
        ("store again, edited", plan.edited),
        ("mark as back", plan.returned),
        ("try again", plan.retry),
    ):
        console.print(f"  {what}: [bold]{len(ids)}[/] {_some(ids)}", highlight=False)
    if plan.note:
        console.print(f"[yellow]The walk ended early:[/] {escape(plan.note)}")


def show_posted(console: "Console", report: "PostReport") -> None:
    """How many media came to which end."""
    counts = ", ".join(f"{count} {done}" for done, count in sorted(report.counts.items()))
    console.print(counts or "Nothing waits to be posted.")
    problems = [(it.id, it.reason or it.done.value) for it in report.problems]
    _reasons(console, "To look at", problems, style="red")


def show_outcome(console: "Console", outcome: "Outcome") -> None:
    """What became of one medium."""
    reason = f": {escape(outcome.reason)}" if outcome.reason else ""
    console.print(f"{outcome.id} [bold]{outcome.done.value}[/]{reason} {outcome.url or ''}")


def show_post_plan(console: "Console", plan: Sequence["Planned"]) -> None:
    """What a sweep would do, oldest first."""
    table = _table("id", "taken", "would", "title")
    for it in plan:
        table.add_row(it.id, f"{it.taken_at:%Y-%m-%d}", it.action, Text(it.title))
    console.print(table if plan else "Nothing waits to be posted.")


def show_entries(console: "Console", entries: Sequence["Entry"], *, limit: int) -> None:
    """A table, newest first."""
    if not entries:
        console.print("Nothing here. `everyday photos backup` makes a run now.")
        return
    table = _table("taken", "id", "type", "files", "size", "state", "title")
    for it in entries:
        kind = it.media_type.value.split("_")[0].lower()
        title = Text(it.title or "–", overflow="ellipsis", no_wrap=True)
        row = [f"{it.taken_at:%Y-%m-%d}", it.id, kind, str(it.files), human_size(it.size), _state(it.state)]
        table.add_row(*row, title)
    console.print(table)
    if len(entries) == limit:
        console.print(f"[dim]the newest {limit}; --limit 0 shows all[/]")


def show_medium(console: "Console", entry: "Entry", sidecar: "Sidecar | None") -> None:
    """Everything known of one medium."""
    console.print(f"[bold]{escape(entry.title or entry.id)}[/]  {_state(entry.state)}")
    facts = {
        "why": entry.reason,
        "taken": f"{entry.taken_at:%Y-%m-%d %H:%M} UTC",
        "id": entry.id,
        "from": f"{entry.origin.value}, {entry.section.value}",
        "instagram": entry.permalink,
        "blog": f"{entry.post.url} ({entry.post.status})" if entry.post else None,
        "same as": entry.same_as,
        "gone": f"from Instagram since {entry.gone_at:%Y-%m-%d}; kept here" if entry.gone_at else None,
        "tried again": f"after {entry.retry_at:%Y-%m-%d %H:%M} UTC" if entry.retry_at else None,
    }
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            grid.add_row(f"[dim]{name}[/]", Text(value))
    console.print(grid)
    if sidecar:
        _show_sidecar(console, sidecar)


def _show_sidecar(console: "Console", sidecar: "Sidecar") -> None:
    table = _table("file", "type", "size", "SHA-256")
    for file in sidecar.files:
        table.add_row(file.name, file.content_type, human_size(file.size), f"{file.sha256[:16]}…")
    for missing in sidecar.missing:
        table.add_row(f"item {missing.position}", "[yellow]missing[/]", "", Text(missing.reason))
    console.print(table)
    if sidecar.medium.caption:
        console.print(Text(f"\n{sidecar.medium.caption}"))
    for revision in reversed(sidecar.revisions):
        console.print(f"\n[dim]until {revision.until:%Y-%m-%d}:[/]")
        console.print(Text(revision.medium.caption, style="dim"))


def show_verified(console: "Console", report: "VerifyReport") -> None:
    """What was checked, and every finding."""
    verdict = "[green]all as stored[/]" if report.ok else "[red]damaged[/]"
    console.print(
        f"{report.media} media, {report.files} files, {human_size(report.size)}: {verdict}"
        + (f"; {report.incomplete} wait for files Instagram did not give" if report.incomplete else "")
    )
    for finding in report.findings:
        console.print(f"  [yellow]{finding.problem.value}[/] {escape(finding.key)}: {escape(finding.reason)}")


def show_restored(console: "Console", report: "RestoreReport", folder: Path, *, dry_run: bool) -> None:
    """What was written, and where to look."""
    verb = "to write" if dry_run else "written"
    console.print(f"{report.media} media: {report.files} files {verb} ({human_size(report.size)})")
    if report.kept:
        console.print(f"{report.kept} files were there already")
    if not dry_run:
        console.print(f"Open {escape(str(folder / 'index.html'))}")
    _reasons(console, "Failed", [(it.key, it.reason) for it in report.failed], style="red")


def show_rebuilt(console: "Console", report: "RebuildReport") -> None:
    """How many entries were made."""
    console.print(f"{report.media} media in the archive: {report.written} entries made, {report.kept} kept")
    _reasons(console, "Failed", [(it.key, it.reason) for it in report.failed], style="red")


def show_token(console: "Console", report: "TokenReport") -> None:
    """Days left, and what to do when they are few."""
    colour = "red" if report.alarm else "green"
    console.print(
        f"The Instagram token lives [{colour}]{report.days_left:.0f} days[/], "
        f"until {report.expires_at:%d %B %Y} ({report.action.value})"
    )
    if report.alarm:
        console.print("Refreshing has failed for weeks: run `everyday photos login` with a new token.")


def human_size(size: int) -> str:
    """Bytes as a person reads them: `1.4 GB`."""
    from rich.filesize import decimal

    return decimal(size)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        right = column in {"size", "files"}
        table.add_column(column, justify="right" if right else "left", no_wrap=column != "SHA-256")
    return table


def _state(state: State) -> str:
    return f"[{_COLOURS.get(state, 'yellow')}]{state.value}[/]"


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"[dim]{' '.join(ids[:5])}{more}[/]" if ids else ""


def _reasons(
    console: "Console", heading: str, rows: Iterable[tuple[str, str]], *, style: str = "yellow"
) -> None:
    rows = list(rows)
    if rows:
        console.print(f"[{style}]{heading}: {len(rows)}[/]")
    for name, reason in rows[:_SHOWN]:
        console.print(f"  {escape(name)}: {escape(reason)}")
    if len(rows) > _SHOWN:
        console.print(f"  [dim]and {len(rows) - _SHOWN} more; --json has all[/]")
