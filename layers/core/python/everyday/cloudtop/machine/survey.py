"""Work that is in no other place: what git has changed, stashed, or not pushed under a folder."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

DEPTH = 4
REPOSITORIES = 200
LINES = 20
SECONDS = 20
"""For one repository: a huge one is left out, and said to be."""

_SKIPPED = {"node_modules", ".cache", ".venv", "venv", "lost+found"}


def survey(home: Path) -> tuple[str, ...]:
    """A line for each repository with work that only this volume has, at most LINES. Never raises."""
    lines = [line for repository in _repositories(home) if (line := _told(home, repository))]
    more = len(lines) - LINES
    return (*lines[:LINES], *([f"and {more} more repositories"] if more > 0 else []))


def _repositories(home: Path) -> Iterator[Path]:
    """Folders with a `.git`, DEPTH levels down, and none inside another."""
    found, waiting = 0, [(home, 0)]
    while waiting and found < REPOSITORIES:
        folder, depth = waiting.pop(0)
        names = _folders(folder)
        if ".git" in names or (folder / ".git").is_file():
            found += 1
            yield folder
        elif depth < DEPTH:
            waiting += [(folder / name, depth + 1) for name in sorted(names - _SKIPPED)]


def _folders(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    except OSError:
        return set()


def _told(home: Path, repository: Path) -> str:
    name = str(repository.relative_to(home)) if repository != home else repository.name
    try:
        parts = [
            _count(_git(repository, "status", "--porcelain"), "changed file"),
            _count(
                _git(repository, "log", "--branches", "--not", "--remotes", "--format=%h"), "unpushed commit"
            ),
            _count(_git(repository, "stash", "list"), "stash", "stashes"),
        ]
    except subprocess.TimeoutExpired:
        return f"{name}: too large to look through in {SECONDS} s"
    except (OSError, subprocess.CalledProcessError):
        return f"{name}: git cannot read it"
    said = ", ".join(part for part in parts if part)
    return f"{name}: {said}" if said else ""


def _count(text: str, one: str, many: str = "") -> str:
    number = len(text.splitlines())
    if number == 0:
        return ""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _git(repository: Path, *arguments: str) -> str:
    """Git as the repository's owner: root must not run the hooks and filters of others."""
    owner = repository.stat()
    as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    environ = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    done = subprocess.run(  # noqa: S603 - no shell, and nothing of it comes from outside
        ["git", "-C", str(repository), *arguments],  # noqa: S607 - of the machine's own PATH
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        check=True,
        env=environ,
        **as_owner,  # type: ignore[call-overload]
    )
    return str(done.stdout)
