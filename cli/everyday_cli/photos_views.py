"""How the photos commands look on a terminal. Texts from outside are never read as rich's markup."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from everyday.photos.captions import clean
from everyday.photos.catalog import State
from everyday.photos.model import Origin, Section
from everyday.photos.token import TokenAction
from everyday_cli.photos_text import some, state, table
from everyday_cli.text import SHOWN, and_more, line, reasons

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

_STANDING = {
    State.LISTED: "[yellow]waiting for files[/]",
    State.STORED: "archived",
    State.POSTING: "archived",
    State.POSTED: "on the blog",
    State.EDITED: "archived again",
    State.PARKED: "[red]parked[/]",
    State.KEPT: "archived, never posted",
}
_SECTIONS = {
    Section.POST: "posts",
    Section.REEL: "reels",
    Section.STORY: "stories",
    Section.ARCHIVED: "archived posts",
    Section.PROFILE: "profile pictures",
}
_REFRESHING = {
    TokenAction.WAIT: "",
    TokenAction.REFRESH: "; refreshed, or about to be",
    TokenAction.EXPIRED: "",
}


def by_section(entries: Iterable["Entry"]) -> dict[str, dict[str, int]]:
    """How many media that only an export told of stand in each state, for each section."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        if entry.origin is Origin.EXPORT:
            counts[entry.section.value][entry.state.value] += 1
    return {section: dict(sorted(states.items())) for section, states in sorted(counts.items())}


def show_backup(
    console: "Console", report: "BackupReport", sections: Mapping[str, Mapping[str, int]] | None = None
) -> None:
    """Counts on one line, then what waits and what failed, with reasons; `sections` after an import."""
    changes = {
        "[green]new[/]": report.new,
        "edited": report.edited,
        "back on Instagram": report.returned,
        "gone from Instagram (kept here)": report.gone,
        "unchanged": report.unchanged,
    }
    told = ", ".join(f"{count} {what}" for what, count in changes.items() if count)
    console.print(f"[bold]{report.listed}[/] listed: {told or 'nothing to do'}")
    if report.stored_files:
        console.print(f"{report.stored_files} files stored ({decimal(report.stored_bytes)})")
    for section, states in (sections or {}).items():
        counts = ", ".join(f"{count} {_STANDING[State(standing)]}" for standing, count in states.items())
        console.print(f"  {_SECTIONS[Section(section)]}: {counts}")
    reasons(console, "Waiting for their files", [(it.id, it.reason) for it in report.waiting])
    reasons(console, "Failed", [(it.id, it.reason) for it in report.failed], style="red")
    _show_early_end(console, report)


def show_plan(console: "Console", plan: "BackupPlan") -> None:
    """What a run would do, by media ids."""
    console.print(f"[bold]{plan.listed}[/] listed, {plan.unchanged} of them need nothing.")
    for what, ids in (
        ("would store, new", plan.new),
        ("would store again, edited", plan.edited),
        ("would mark as back on Instagram", plan.returned),
        ("would try again", plan.retry),
        ("wait for their files", plan.waiting),
        ("cannot be understood", plan.unreadable),
    ):
        if ids:
            console.print(f"  {what}: [bold]{len(ids)}[/] {some(ids)}")
    if not (plan.new or plan.edited or plan.returned or plan.retry or plan.note):
        console.print("A run would change nothing.")
    _show_early_end(console, plan)


def _show_early_end(console: "Console", ended: "BackupReport | BackupPlan") -> None:
    if ended.paused_until:
        console.print(f"Instagram's rate limit: the next run goes on after {ended.paused_until:%H:%M} UTC")
    elif ended.note:
        console.print(f"[yellow]The walk ended early:[/] {escape(ended.note)}")


def show_posted(console: "Console", report: "PostReport") -> None:
    """How many media came to which end."""
    counts = ", ".join(f"{count} {done}" for done, count in sorted(report.counts.items()))
    console.print(counts or "Nothing waits to be posted.")
    problems = [(it.id, it.reason or it.done.value) for it in report.problems]
    reasons(console, "To look at", problems, style="red")


def show_outcome(console: "Console", outcome: "Outcome") -> None:
    """What became of one medium."""
    reason = f": {escape(outcome.reason)}" if outcome.reason else ""
    console.print(f"{outcome.id} [bold]{outcome.done.value}[/]{reason} {outcome.url or ''}")


def show_post_plan(console: "Console", plan: Sequence["Planned"]) -> None:
    """What a sweep would do, oldest first."""
    rows = table("id", "taken", "would", "title")
    for it in plan:
        rows.add_row(it.id, f"{it.taken_at:%Y-%m-%d}", it.action, line(it.title))
    console.print(rows if plan else "Nothing waits to be posted.")


def show_entries(console: "Console", entries: Sequence["Entry"], *, only: str | None, limit: int) -> None:
    """A table, newest first, with reasons where there are any."""
    if not entries:
        none = f"Nothing is {only}." if only else "Nothing here. `everyday photos backup` makes a run now."
        console.print(none)
        return
    columns = ["taken", "id", "type", "files", "size", "state", "title"]
    rows = table(*columns, *(["why"] if any(it.reason for it in entries) else []))
    for it in entries:
        kind = it.media_type.value.split("_")[0].lower()
        files, size = (str(it.files), decimal(it.size)) if it.files else ("–", "–")
        row = [f"{it.taken_at:%Y-%m-%d}", it.id, kind, files, size, state(it.state)]
        rows.add_row(*row, *(line(text) for text in (it.title or "–", it.reason)[: len(rows.columns) - 6]))
    console.print(rows)
    if len(entries) == limit:
        console.print(f"[dim]the newest {limit}; --limit 0 shows all[/]")


def show_medium(console: "Console", entry: "Entry", sidecar: "Sidecar | None") -> None:
    """Everything known of one medium."""
    console.print(f"[bold]{escape(clean(entry.title or entry.id))}[/]  {state(entry.state)}")
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
    rows = table("file", "type", "size", "SHA-256")
    for file in sidecar.files:
        rows.add_row(file.name, file.content_type, decimal(file.size), f"{file.sha256[:16]}…")
    for missing in sidecar.missing:
        rows.add_row(f"item {missing.position}", "[yellow]missing[/]", "", Text(missing.reason))
    console.print(rows)
    if sidecar.medium.caption:
        console.print(Text(f"\n{clean(sidecar.medium.caption)}"))
    for revision in reversed(sidecar.revisions):
        console.print(f"\n[dim]until {revision.until:%Y-%m-%d}:[/]")
        console.print(Text(clean(revision.medium.caption) or "(no caption)", style="dim"))


def show_verified(console: "Console", report: "VerifyReport") -> None:
    """What was checked, and every finding."""
    verdict = "[green]all as stored[/]" if report.ok else "[red]damaged[/]"
    console.print(
        f"{report.media} media, {report.files} files, {decimal(report.size)}: {verdict}"
        + (f"; {report.incomplete} wait for files Instagram did not give" if report.incomplete else "")
    )
    for finding in report.findings[:SHOWN]:
        console.print(f"  [yellow]{finding.problem.value}[/] {escape(finding.key)}: {escape(finding.reason)}")
    and_more(console, len(report.findings))
    if not report.ok:
        console.print(
            "Put each of these back as it was: from another copy or, in S3, from an earlier version."
        )


def show_restored(console: "Console", report: "RestoreReport", folder: Path, *, dry_run: bool) -> None:
    """What was written, and where to look."""
    verb = "to write" if dry_run else "written"
    console.print(f"{report.media} media: {report.files} files {verb} ({decimal(report.size)})")
    if report.kept:
        console.print(f"{report.kept} files were there already")
    if not dry_run:
        console.print(f"Open {escape(str(folder / 'index.html'))}")
    reasons(console, "Failed", [(it.key, it.reason) for it in report.failed], style="red")


def show_rebuilt(console: "Console", report: "RebuildReport", *, dry_run: bool) -> None:
    """How many entries were made."""
    verb = "to make" if dry_run else "made"
    console.print(
        f"{report.media} media in the archive: {report.written} entries {verb}, {report.kept} there"
    )
    reasons(console, "Failed", [(it.key, it.reason) for it in report.failed], style="red")


def show_token(console: "Console", report: "TokenReport") -> None:
    """Days left, and what to do when they are few."""
    if report.days_left <= 0:
        console.print(
            f"The Instagram token [red]expired[/] on {report.expires_at.day} {report.expires_at:%B %Y}"
        )
        console.print("It cannot be revived: run `everyday photos login` with a new token.")
        return
    colour = "red" if report.alarm else "green"
    console.print(
        f"The Instagram token lives [{colour}]{report.days_left:.0f} days[/], "
        f"until {report.expires_at.day} {report.expires_at:%B %Y}{_REFRESHING[report.action]}"
    )
    if report.alarm:
        console.print("Refreshing has failed for weeks: run `everyday photos login` with a new token.")
