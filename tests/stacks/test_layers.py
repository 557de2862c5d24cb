"""The layers are built without Docker, are what the lock file says, and have the same hash every time."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from everyday.errors import SettingsError
from stacks import layer_lock
from stacks.layer_lock import DEPS, SITE
from tests.stacks.conftest import ROOT, Synthesised
from tools import build_layers

AARCH64 = (183).to_bytes(2, "little")
"""How a library says that it is for 64-bit Arm, in its bytes 18 and 19 (ELF, e_machine)."""


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The layer for this very Python, built twice in different places."""
    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for folder in folders:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        target: dict[str, str | None] = {"python": python, "platform": None}
        assert build_layers.build(DEPS, folder / "local", target, Path(sys.executable))
    return folders


def test_the_same_lock_file_gives_the_same_bytes(twice: tuple[Path, Path]) -> None:
    first, second = twice
    assert _digest(first / "local") == _digest(second / "local")


def test_a_layer_holds_what_is_locked_and_no_trace_of_how_it_was_made(twice: tuple[Path, Path]) -> None:
    python = twice[0] / "local/python"
    assert {"PIL", "jwt", "msgspec", "requests", "slugify"} <= {path.name for path in python.iterdir()}
    names = {path.name for path in python.rglob("*")}
    assert not names & {"RECORD", "INSTALLER", "direct_url.json", "__pycache__", "tests", "bin"}
    assert not list(python.glob("boto*"))


def test_a_layer_that_stands_is_not_built_again(twice: tuple[Path, Path]) -> None:
    built = twice[0] / "local"
    stamp = layer_lock.stamp(built)
    assert stamp is not None
    assert not build_layers.build(
        DEPS, built, {"python": stamp["python"], "platform": None}, Path("/nowhere")
    )


@pytest.mark.parametrize("layer", [DEPS, SITE])
def test_the_aws_layer_is_for_the_processor_and_python_of_lambda(layer: str) -> None:
    modules = list((layer_lock.layer_folder(layer, "aws") / "python").rglob("*.so"))
    modules = [path for path in modules if ".libs" not in str(path.parent)]
    assert modules
    suffixes = (".cpython-314-aarch64-linux-gnu.so", ".abi3.so")
    assert [path.name for path in modules if not path.name.endswith(suffixes)] == []
    processors = {path.read_bytes()[18:20] for path in modules}
    assert processors == {AARCH64}


def test_only_the_layer_of_site_brings_what_botocore_imports_by_itself() -> None:
    for layer, expected in ((DEPS, False), (SITE, True)):
        assert (layer_lock.layer_folder(layer, "local") / "python/awscrt").is_dir() is expected


def _checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a lock file and a layer built from it."""
    monkeypatch.setattr(layer_lock, "ROOT", folder)
    monkeypatch.setattr(layer_lock, "LAYERS", folder)
    (folder / "deps/build/aws/python").mkdir(parents=True)
    (folder / "deps/requirements.txt").write_text("one==1\n")
    stamp = json.dumps({"lock": layer_lock.lock_digest(DEPS)})
    (folder / "deps/build/aws.json").write_text(stamp)
    return folder


def test_a_built_layer_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _checkout(tmp_path, monkeypatch)
    assert layer_lock.layer_folder(DEPS, "aws") == tmp_path / "deps/build/aws"


@pytest.mark.parametrize("missing", ["deps/build/aws.json", "deps/build/aws/python"])
def test_synthesis_names_the_command_when_a_layer_is_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    path = _checkout(tmp_path, monkeypatch) / missing
    path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(SettingsError, match="deps/build/aws is not built; run: make layers"):
        layer_lock.layer_folder(DEPS, "aws")


def test_synthesis_names_the_command_when_the_lock_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_checkout(tmp_path, monkeypatch) / "deps/requirements.txt").write_text("one==2\n")
    with pytest.raises(SettingsError, match="another lock file; run: make layers"):
        layer_lock.layer_folder(DEPS, "aws")


def test_no_asset_holds_byte_code(aws: Synthesised) -> None:
    assets = [path for path in aws.folder.glob("asset.*") if path.is_dir()]
    assert len(assets) >= 4
    assert not [path for each in assets for path in each.rglob("*") if path.suffix == ".pyc"]


@pytest.mark.parametrize(
    "lock",
    [
        "requirements.txt",
        "layers/deps/requirements.txt",
        "layers/site/requirements.txt",
        "local/ministack.txt",
        "package-lock.json",
    ],
)
def test_lock_files_hold_hashes_and_name_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "sha256:" in text or "sha512-" in text
    assert "--index-url" not in text
    assert "file:" not in text
    for host in ("localhost", "127.0.0.1", "10.", "192.168."):
        assert f"//{host}" not in text
