"""Whether the dependency layers were built from their lock files. No CDK here: the build uses it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from everyday.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ROOT / "layers"
DEPS, SITE = "deps", "site"
"""What all functions import, and what only `site_publish` imports besides."""
LAMBDA_PYTHON = "3.14"

_RECIPE = 1  # raise it when tools/build_layers.py makes something else of the same lock file


def layer_folder(layer: str, stage: str) -> Path:
    """The built layer of a stage, `python/` inside. Raises SettingsError with the command that builds it."""
    folder = build_folder(layer) / stage
    built = stamp(folder)
    if built is None:
        raise SettingsError(f"the Lambda layer {folder.relative_to(ROOT)} is not built; run: make layers")
    if built.get("lock") != lock_digest(layer):
        raise SettingsError(
            f"the Lambda layer {folder.relative_to(ROOT)} was built from another lock file; run: make layers"
        )
    return folder


def build_folder(layer: str) -> Path:
    """Where a layer is built, one folder for each stage."""
    return LAYERS / layer / "build"


def lock_file(layer: str) -> Path:
    """What a layer is built from."""
    return LAYERS / layer / "requirements.txt"


def lock_digest(layer: str) -> str:
    """What the built layer depends on besides its platform."""
    return hashlib.sha256(lock_file(layer).read_bytes() + str(_RECIPE).encode()).hexdigest()


def stamp(folder: Path) -> dict[str, Any] | None:
    """What a layer was built from; it is written last, so a half-built layer has none."""
    try:
        content: dict[str, Any] = json.loads(stamp_path(folder).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if (folder / "python").is_dir() else None


def stamp_path(folder: Path) -> Path:
    """Beside the layer, not in it: it is no part of the asset."""
    return folder.with_suffix(".json")
