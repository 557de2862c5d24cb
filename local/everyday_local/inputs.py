"""What a local deploy is made of, as one digest: when it has not changed, nothing needs to be deployed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_SOURCES = ("app.py", "cdk.json", "everyday.toml", "package-lock.json", "stacks", "functions", "layers")
_GENERATED = ("__pycache__", ".mypy_cache", ".ruff_cache")


def digest(project: Path, context: Mapping[str, str]) -> str:
    """Hash of every source of the deploy and of what the app is told."""
    found = hashlib.sha256()
    for name, value in sorted(context.items()):
        found.update(f"{name}={value}\n".encode())
    for path in files(project, _SOURCES):
        found.update(f"{path.relative_to(project)}\n".encode())
        with path.open("rb") as stream:
            found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()


def files(project: Path, names: Iterable[str]) -> Iterator[Path]:
    """The files under these names in a fixed order, without what tools leave behind."""
    for name in names:
        path = project / name
        if path.is_file():
            yield path
        for inner in sorted(path.rglob("*")) if path.is_dir() else ():
            if inner.is_file() and not any(part in _GENERATED for part in inner.parts):
                yield inner
