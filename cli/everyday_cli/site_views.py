"""How the site commands look on a terminal. Texts from outside are never read as rich's markup."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.text import Text

from everyday.photos.captions import clean
from everyday.site.plan import Plan
from everyday.site.pushing import PushState
from everyday_cli.text import SHOWN, and_more, line, reasons, table

if TYPE_CHECKING:
    from rich.console import Console

    from everyday.site.model import Doubtful, Revision, Unresolved
    from everyday.site.plan import PlannedFile
    from everyday.site.pushing import Pushed
    from everyday.site.reports import Listed, Notes, Planned, Published
    from everyday.site.verify import Verified

_SIGNS = {
    "new": ("+", "green"),
    "changed": ("~", "yellow"),
    "header_only": ("h", "cyan"),
    "retired": ("-", "red"),
}
_CALLED = {"header_only": "in headers only"}


def size(count: int) -> str:
    """Bytes for people: `1.2 MB`."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count} B"


def files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def show_revision(
    console: "Console", revision: "Revision", broken: bool, out: Path, *, written: bool
) -> None:
    """What was renamed, and what needs a look."""
    renamed = sum(each.renamed for each in revision.outputs)
    edited = sum(bool(each.edits) for each in revision.outputs)
    console.print(
        f"[bold]{files(len(revision.outputs))}[/]: {renamed} renamed, references in {edited} follow"
        + ("" if written else "; nothing written")
    )
    if written:
        console.print(Text.assemble("written to ", (str(out), "bold")))
    show_notes(console, revision)
    if broken:
        console.print("[red]Pages name assets that are not there.[/] Mend them, or: --allow-missing PATTERN")


def show_notes(console: "Console", revision: "Revision | Notes") -> None:
    """What revving could not follow."""
    missing = [each for each in revision.unresolved if each.asset]
    links = [each for each in revision.unresolved if not each.asset]
    reasons(console, "Assets that are not there", _where(missing), style="red")
    reasons(console, "Links to pages that are not there", _where(links), style="yellow")
    reasons(
        console,
        "Strings that may begin renamed names; `keep` these files if so",
        _doubts(revision.doubtful),
        style="yellow",
    )
    for problem in revision.problems[:SHOWN]:
        console.print(Text(problem, style="yellow"))


def show_plan(console: "Console", plan: "Plan") -> None:
    """One line a file that changes, and what that takes."""
    for kind, (sign, style) in _SIGNS.items():
        found: Sequence[PlannedFile] = getattr(plan, kind)
        for each in found[:SHOWN]:
            console.print(Text.assemble((f"{sign} ", style), each.path, (f"  {size(each.size)}", "dim")))
        and_more(console, len(found))
    console.print(f"[bold]{plan_line(plan)}[/]")


def plan_line(plan: "Plan") -> str:
    """The plan in one line."""
    kinds = (*_SIGNS, "unchanged")
    counts = ", ".join(f"{len(getattr(plan, kind))} {_CALLED.get(kind, kind)}" for kind in kinds)
    return f"{counts}; {files(len(plan.uploads))} to upload, {size(plan.bytes)}, {plan.requests} requests"


def show_planned(console: "Console", found: "Planned") -> None:
    """What publishing would do."""
    if found.same:
        console.print(f"{found.site}: the folder is what is live; nothing would be sent")
        return
    show_plan(console, found.plan)
    show_notes(console, found.notes)


def show_published(console: "Console", done: "Published", address: str, status: int) -> None:
    """What was published, and where to look at it."""
    if done.same:
        console.print(f"{done.site}: nothing changed; release [bold]{done.release}[/] is there already")
    elif done.plan == Plan():
        console.print(f"{done.site}: release [bold]{done.release}[/] is live again")
    else:
        console.print(f"{done.site}: release [bold]{done.release}[/]: {plan_line(done.plan)}")
    show_notes(console, done.notes)
    if done.superseded:
        console.print("[yellow]Another publication was faster; visitors get that one.[/]")
    elif not done.live:
        console.print(f"not released; look at it: {preview(address, done.release)}")
        console.print(f"release it: everyday site rollback {done.release} --site {done.site}")
    elif status:
        console.print(
            "[yellow]Published, not confirmed: the distribution did not answer with it in time. It does so "
            "within minutes; publish the same folder again to look once more.[/]"
        )
    else:
        console.print(Text(address, style="bold"))


def show_would_push(console: "Console", told: Mapping[str, object]) -> None:
    console.print(f"{told['site']}: a zip of {size(int(str(told['size'])))} would go to {told['to']}")


def show_pushed(console: "Console", pushed: "Pushed", address: str, pipeline: str) -> None:
    """What became of a push."""
    console.print(f"{pushed.site}: pushed {size(pushed.size)}, version {pushed.version}")
    said = Text(clean(pushed.said))
    if pushed.state is PushState.PUBLISHED:
        console.print(said, Text(address, style="bold"), sep="\n")
    elif pushed.state is PushState.FAILED:
        console.print(Text("the pipeline failed: ", style="red") + said)
    elif pushed.state is PushState.FOLLOWED:
        console.print("a newer push came after it; that one publishes")
    else:
        console.print(f"the pipeline {pipeline} goes on; see: everyday site releases --site {pushed.site}")


def release_document(release: "Listed", address: str) -> Mapping[str, object]:
    """A release with the address that shows it before it is live."""
    return {**msgspec.to_builtins(release), "preview": preview(address, release.id)}


def show_releases(console: "Console", found: "Sequence[Listed]", address: str) -> None:
    """A table, newest first."""
    if not found:
        console.print("Nothing is published yet. `everyday site push DIR` does it.")
        return
    rows = table("release", "", "when", "files", "size", "by", numbers={"files", "size"}, texts={"by"})
    for each in found:
        live = Text("live", style="bold green") if each.live else Text()
        when = f"{each.at:%Y-%m-%d %H:%M} UTC"
        rows.add_row(each.id, live, when, str(each.files), size(each.size), line(each.by))
    console.print(rows)
    console.print(f"[dim]look at one before the world does: {address}/_release/ID[/]")


def show_verified(console: "Console", found: "Verified") -> None:
    """What was compared, and what is wrong."""
    live = found.release or "nothing yet"
    console.print(f"{found.site}: {found.objects} objects, {size(found.size)}; live: {live}")
    reasons(
        console,
        "Not as published",
        [(f"{each.fault} {each.key}", f"{each.reason}; {each.advice}") for each in found.findings],
        style="yellow" if found.ok else "red",
    )
    if found.ok:
        console.print("[green]Visitors get what was published.[/]")


def preview(address: str, release: str) -> str:
    """Where a release can be looked at that is not live."""
    return f"{address}/_release/{release}"


def _where(unresolved: "Sequence[Unresolved]") -> list[tuple[str, str]]:
    return [(f"{each.file}:{each.line}", each.reference) for each in unresolved]


def _doubts(doubtful: "Sequence[Doubtful]") -> list[tuple[str, str]]:
    return [(f"{each.file}:{each.line}", f"{each.text!r}: {files(each.files)}") for each in doubtful]
