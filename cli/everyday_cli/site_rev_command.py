"""`everyday site rev`: the renamed site in a folder, offline."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from everyday_cli.commands import Command
from everyday_cli.output import current

if TYPE_CHECKING:
    from everyday.site.model import Revision, RevRules


@click.command(
    cls=Command,
    examples="""
        everyday site rev public revved
        everyday site rev public revved --keep 'downloads/**' --rename-html
        everyday site rev public revved --json | jq .renamed
    """,
)
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--keep", multiple=True, metavar="PATTERN", help="Files that keep their names, such as 'img/**'."
)
@click.option("--rename-html", is_flag=True, help="Rename pages too, but for index.html and 404.html.")
@click.option(
    "--allow-missing", multiple=True, metavar="PATTERN", help="Assets that may be missing; * for all."
)
@click.option(
    "--origin", metavar="URL", help="The site's own address: references to it are the site's files."
)
@click.option("--dry-run", is_flag=True, help="Say what would be renamed; write nothing.")
def rev(
    *,
    source: Path,
    out: Path,
    keep: tuple[str, ...],
    rename_html: bool,
    allow_missing: tuple[str, ...],
    origin: str | None,
    dry_run: bool,
) -> int:
    """Write SOURCE to OUT with the hash of its content in each asset's name, and every reference following.

    Needs no AWS and no local mode. Pages (HTML, robots.txt, ...) keep their names. OUT must be empty, or made
    by this command. Exit status 1 when a page names an asset that is not there; nothing is written then.
    """
    from everyday.site.model import RevRules
    from everyday_cli import site_views as views

    rules = RevRules(keep=keep, rename_html=rename_html, allow_missing=allow_missing, origin=origin)
    began = time.monotonic()
    revision, broken = _revved(source, out, rules, write=not dry_run)
    seconds = time.monotonic() - began
    current().result(
        _document(revision, seconds),
        lambda console: views.show_revision(console, revision, broken, out, written=not (dry_run or broken)),
    )
    return 1 if broken else 0


def _revved(source: Path, out: Path, rules: "RevRules", *, write: bool) -> "tuple[Revision, bool]":
    from everyday.adapters.site_folder import FolderTree
    from everyday.site.rev import broken, rev
    from everyday.site.writing import write as write_to

    tree = FolderTree(source)
    with current().progress() as progress:
        revision = rev(tree, rules, progress=progress)
        missing = bool(broken(revision, rules))
        if write and not missing:
            write_to(tree, revision, out, progress=progress)
    return revision, missing


def _document(revision: "Revision", seconds: float) -> Mapping[str, object]:
    return {
        "files": len(revision.outputs),
        "renamed": {each.source: each.path for each in revision.outputs if each.renamed},
        "unresolved": [
            {"file": each.file, "line": each.line, "reference": each.reference, "asset": each.asset}
            for each in revision.unresolved
        ],
        "doubtful": revision.doubtful,
        "problems": revision.problems,
        "seconds": round(seconds, 3),
    }
