"""What the documentation names is there: files, headings, commands with their options, make targets."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from everyday_cli.main import everyday

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
MADE = {"node_modules", "cdk.out"}
"""Folders that git ignores."""


class Said(NamedTuple):
    """Something that a page names."""

    page: Path
    what: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.what}"


def code(page: Path) -> Iterator[str]:
    """The lines of the page's code blocks, and its inline code."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def named(pattern: str) -> list[Said]:
    found = {
        Said(page, line[1].strip())
        for page in PAGES
        for text in code(page)
        if (line := re.match(pattern, text))
    }
    return sorted(found)


LINKS = sorted(
    Said(page, target)
    for page in PAGES
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    if not target.startswith(("https://", "http://"))
)
COMMANDS = named(r"(?:\.venv/bin/)?everyday ((?!\.)[a-z][^#|&…]*)")
TARGETS = named(r"make ([a-z]+)")
FOLDERS = sorted(
    Said(ROOT / "README.md", path)
    for row in re.findall(r"^\| (`.*?) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    for path in re.findall(r"`([^`]+)`", row)
)


def anchors(page: Path) -> set[str]:
    """The headings' anchors, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("said", LINKS, ids=str)
def test_every_link_leads_somewhere(said: Said) -> None:
    path, _, anchor = said.what.partition("#")
    target = (said.page.parent / path).resolve() if path else said.page
    assert target.exists()
    assert not anchor or anchor in anchors(target)


@pytest.mark.parametrize("said", COMMANDS, ids=str)
def test_every_command_is_one_that_there_is(said: Said) -> None:
    words = shlex.split(said.what)
    command: click.Command = everyday
    context = click.Context(command)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        assert found
        command = found
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("said", TARGETS, ids=str)
def test_every_make_target_is_one_that_there_is(said: Said) -> None:
    assert re.search(rf"^{said.what}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("said", FOLDERS, ids=str)
def test_the_map_of_folders_is_true(said: Said) -> None:
    assert any((ROOT / start / said.what).exists() for start in ("", "layers/core/python/everyday"))


def test_the_map_of_folders_leaves_none_out() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    mapped = {said.what.split("/")[0] for said in FOLDERS}
    assert folders - MADE <= mapped


def test_every_page_is_in_the_index() -> None:
    listed = {(ROOT / "docs" / said.what).resolve() for said in LINKS if said.page.name == "index.md"}
    pages = {page for page in PAGES if page.is_relative_to(ROOT / "docs") and page.name != "index.md"}
    assert all(page in listed or page.parent in listed for page in pages)
