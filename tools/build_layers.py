"""Builds the Lambdas' dependency layers from layers/*/requirements.txt, without Docker: `make layers`.

`aws` holds wheels for the Lambda runtime; `local` holds wheels for this machine and the Python that runs the
local AWS. Same lock file, same bytes: nothing that names a time, a path or an installer stays.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stacks.layer_lock import (
    DEPS,
    LAMBDA_PYTHON,
    ROOT,
    SITE,
    build_folder,
    lock_digest,
    lock_file,
    stamp,
    stamp_path,
)

# Lambda runs Python 3.14 on Amazon Linux 2023, whose glibc is 2.34; Pillow 13 asks for at least 2.27.
_PLATFORM = "aarch64-manylinux_2_28"
_LEFT_OUT = ("bin", "**/__pycache__", "**/tests", "**/test", "**/*.pyi", "**/*.pyc", ".lock")
# Installers' records: RECORD lists files that are left out, the others name a time or this machine.
_RECORDS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local-python", type=Path, default=ROOT / ".everyday/ministack/bin/python")
    parser.add_argument("--only", choices=["aws", "local"])
    asked = parser.parse_args()
    for layer in (DEPS, SITE):
        if asked.only != "local":
            build(layer, build_folder(layer) / "aws", {"python": LAMBDA_PYTHON, "platform": _PLATFORM})
        if asked.only != "aws":
            here = {"python": _version(asked.local_python), "platform": None}
            build(layer, build_folder(layer) / "local", here, asked.local_python)


def build(
    layer: str, folder: Path, target: Mapping[str, str | None], interpreter: Path | None = None
) -> bool:
    """Build one layer for one stage; False when it stands as it should.

    `target`: the `python` version, and a `platform` as uv names it, None for the one of `interpreter`.
    """
    wanted = {"lock": lock_digest(layer), **target}
    if stamp(folder) == wanted:
        return False
    stamp_path(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    print("building", layer, "layer for", folder.name, file=sys.stderr)
    _install(lock_file(layer), folder / "python", target, interpreter)
    _prune(folder / "python")
    stamp_path(folder).write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    return True


def _version(interpreter: Path) -> str:
    code = "import sys; print(*sys.version_info[:2], sep='.')"
    return subprocess.run(
        [interpreter, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def _install(lock: Path, into: Path, target: Mapping[str, str | None], interpreter: Path | None) -> None:
    command = [ROOT / ".venv/bin/uv", "pip", "install", "--quiet", "--target", into, "--requirements", lock]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--link-mode", "copy"]
    command += ["--python", interpreter] if interpreter else ["--python-version", target["python"]]
    command += ["--python-platform", target["platform"]] if target["platform"] else []
    subprocess.run([str(part) for part in command], check=True)


def _prune(folder: Path) -> None:
    for pattern in _LEFT_OUT:
        for path in sorted(folder.glob(pattern), reverse=True):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in folder.glob("*.dist-info/*"):
        if path.name in _RECORDS:
            path.unlink()


if __name__ == "__main__":
    main()
