"""Writes the JSON Schemas of all messages and archived documents, from the code that reads them.

python tools/write_schemas.py    writes docs/schemas/*.json; a test tells when they are out of step
"""

import json
from collections.abc import Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from everyday.jobs.messages import JobMessage, Reconcile, Wake
from everyday.jobs.simulator.document import WorkloadDocument
from everyday.photos.archive import PostRecord
from everyday.photos.messages import BackupContinue, BackupRequest, PhotoStored, Sweep
from everyday.photos.model import Sidecar

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"

KINDS: Mapping[str, type[msgspec.Struct]] = {
    "photo.stored": PhotoStored,
    "backup.continue": BackupContinue,
    "backup.request": BackupRequest,
    "post.sweep": Sweep,
    "media": Sidecar,
    "post": PostRecord,
    "workload": WorkloadDocument,
    "job": JobMessage,
    "wake": Wake,
    "reconcile": Reconcile,
}
"""File name without `.json`, and the type it describes."""


def schemas() -> dict[str, str]:
    """Each file's name and content."""
    return {f"{name}.json": _text(kind) for name, kind in KINDS.items()}


def _text(kind: type[msgspec.Struct]) -> str:
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **msgspec.json.schema(kind),
    }
    return json.dumps(_dedented(schema), indent=2, ensure_ascii=False) + "\n"


def _dedented(value: Any) -> Any:
    """The schema with its descriptions, which are docstrings, as a person would write them."""
    if isinstance(value, dict):
        return {
            key: cleandoc(inner) if key == "description" and isinstance(inner, str) else _dedented(inner)
            for key, inner in value.items()
        }
    return [_dedented(inner) for inner in value] if isinstance(value, list) else value


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
