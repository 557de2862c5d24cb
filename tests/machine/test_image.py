"""The boot files, looked at without booting them."""

import re
import shutil
import subprocess
from pathlib import Path
from string import Template

import pytest

from everyday.cloudtop.machine.settings import lines_of, made
from everyday.cloudtop.names import HOME_PATH

IMAGE = Path(__file__).resolve().parents[2] / "image"
VALUES = {"TABLE": "table", "VOLUME": "vol-1", "NAME": "box", "REGION": "us-east-1", "IDLE_SECONDS": "1800"}
CLOUD_INIT_KEYS = {"write_files", "runcmd", "bootcmd", "packages", "users", "ssh_authorized_keys"}
"""Its own schema lets unknown keys pass, so that a misspelt one would be left out in silence."""


def _user_data() -> str:
    return Template((IMAGE / "user-data").read_text()).substitute(VALUES)


def _scripts() -> list[Path]:
    return [
        it for it in sorted(IMAGE.rglob("*")) if it.is_file() and it.read_bytes().startswith(b"#!/bin/sh")
    ]


def test_scripts_are_without_fault() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed; `make test` installs it when it is root")
    assert len(_scripts()) >= 3
    done = subprocess.run(["shellcheck", *_scripts()], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_user_data_is_small_and_has_known_keys_only() -> None:
    text = _user_data()
    assert text.startswith("#cloud-config\n")
    assert len(text.splitlines()) < 20
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    assert keys
    assert set(keys) <= CLOUD_INIT_KEYS


def test_user_data_passes_cloud_inits_schema(tmp_path: Path) -> None:
    if not shutil.which("cloud-init"):
        pytest.skip("cloud-init is not installed")
    (tmp_path / "user-data").write_text(_user_data())
    command = ["cloud-init", "schema", "--config-file", str(tmp_path / "user-data")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_machine_understands_what_user_data_writes() -> None:
    _, content = _user_data().split("content: |\n")
    settings = made(lines_of(content))
    assert (settings.table, settings.volume, settings.name) == ("table", "vol-1", "box")
    assert (settings.region, settings.idle_seconds) == ("us-east-1", 1800)


def test_docker_waits_for_the_volume_and_sshd_for_nothing_of_ours() -> None:
    docker = (IMAGE / "units/docker.conf").read_text()
    assert "Requires=ct-storage.service" in docker
    assert "After=ct-storage.service" in docker
    assert f"RequiresMountsFor={HOME_PATH}" in docker
    units = "".join(unit.read_text() for unit in (IMAGE / "units").glob("ct-*.service"))
    assert "ssh" not in units


def test_every_unit_that_is_enabled_is_there_and_is_no_hurdle_for_the_boot() -> None:
    enabled = [line for line in (IMAGE / "provision").read_text().splitlines() if "systemctl enable" in line]
    for name in enabled[0].split()[2:]:
        unit = (IMAGE / "units" / name).read_text()
        assert "WantedBy=multi-user.target" in unit
        assert "Before=" not in unit
