"""A machine that is only a process, and what the machine sees of itself."""

import subprocess
from pathlib import Path

import pytest

from everyday.cloudtop.machine import programs
from everyday.cloudtop.machine.__main__ import main
from everyday.cloudtop.machine.folder_host import FolderHost
from everyday.cloudtop.machine.ports import HostError
from everyday.cloudtop.machine.scratch import array_of, instance_store
from everyday.cloudtop.machine.settings import BadSettings, MachineSettings, lines_of, made, read
from everyday.cloudtop.machine.signs import FolderSigns, LinuxSigns, held
from everyday.cloudtop.machine.survey import survey

NEEDED = {"CT_TABLE": "t", "CT_VOLUME": "vol-1"}


@pytest.fixture
def machine(tmp_path: Path) -> FolderHost:
    (tmp_path / "devices").mkdir()
    (tmp_path / "volume").mkdir()
    (tmp_path / "devices/vol1").symlink_to(tmp_path / "volume")
    return FolderHost(tmp_path)


def test_a_folder_is_a_disk(machine: FolderHost, tmp_path: Path) -> None:
    device, home = machine.device_of("vol-1"), tmp_path / "home"
    assert device is not None
    assert machine.probe(device).zero
    machine.make_filesystem(device, "u-1")
    assert machine.probe(device).uuid == "u-1"
    assert machine.check(device, "ext4")
    machine.mount(device, home)
    (home / "kept").write_text("data")
    assert machine.mounted(home)
    assert machine.unmount(home)
    assert not machine.mounted(home)
    assert (tmp_path / "volume/kept").read_text() == "data"


def test_a_folder_with_anything_in_it_is_not_empty(machine: FolderHost, tmp_path: Path) -> None:
    (tmp_path / "volume/data").touch()
    assert not machine.probe(tmp_path / "devices/vol1").zero


def test_a_device_that_was_taken_off_is_not_there(machine: FolderHost, tmp_path: Path) -> None:
    (tmp_path / "devices/vol1").unlink()
    assert machine.device_of("vol-1") is None
    (tmp_path / "home").mkdir()
    with pytest.raises(HostError):
        machine.mount(tmp_path / "volume", tmp_path / "home")


@pytest.mark.parametrize(
    ("script", "ended"),
    [("exit 3", "ended with 3"), ("exec sleep 30", "stopped after"), (None, "there is none")],
)
def test_the_owners_hook_is_bounded_and_never_raises(tmp_path: Path, script: str | None, ended: str) -> None:
    hook = tmp_path / "hook"
    if script:
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)
    assert FolderHost(tmp_path).run_hook(hook, 0.5).startswith(ended)


def test_settings_are_read_from_the_file_and_the_environment_over_it(tmp_path: Path) -> None:
    file = tmp_path / "conf"
    file.write_text("# said by user data\nCT_TABLE=t\nCT_VOLUME='vol-1'\n\nCT_IDLE_SECONDS=60\n")
    settings = read(file, {"CT_IDLE_SECONDS": "90"})
    assert (settings.table, settings.volume, settings.idle_seconds) == ("t", "vol-1", 90)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "CT_TABLE"),
        ({"CT_TABLE": "t"}, "CT_VOLUME"),
        (NEEDED | {"CT_HOST": "horse"}, "CT_HOST"),
        (NEEDED | {"CT_HOST": "folder"}, "CT_HOST_FOLDER"),
        (NEEDED | {"CT_IDLE_SECONDS": "soon"}, "CT_IDLE_SECONDS"),
    ],
)
def test_settings_that_are_wrong_are_named(values: dict[str, str], named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        made(values)


def test_a_line_that_is_no_setting_is_named() -> None:
    with pytest.raises(BadSettings, match="line 2"):
        lines_of("CT_TABLE=t\nhello\n")


def test_a_hold_lasts_for_its_time(tmp_path: Path) -> None:
    settings = MachineSettings(table="t", volume="v", run=tmp_path)
    assert not held(settings, None, 100)
    settings.hold_file.write_text("200\n")
    assert held(settings, None, 199)
    assert not held(settings, None, 200)
    assert held(settings, 300, 200)


def test_the_kernels_signs_are_read(tmp_path: Path) -> None:
    net = "a\nb\n  lo: 9 0 0 0 0 0 0 0 9\n eth0: {} 0 0 0 0 0 0 0 500\n"
    proc, terminals = tmp_path / "proc", tmp_path / "pts"
    for number, command in ((1, b"sshd: ubuntu@pts/0\0"), (2, b"sshd: [listener]\0"), (3, b"bash\0")):
        (proc / str(number)).mkdir(parents=True)
        (proc / str(number) / "cmdline").write_bytes(command)
    (proc / "net").mkdir()
    (proc / "net/dev").write_text(net.format(1000))
    (proc / "loadavg").write_text("0.75 0.1 0.1 1/2 3\n")
    terminals.mkdir()
    (terminals / "0").touch()
    typed = (terminals / "0").stat().st_atime
    signs = LinuxSigns(time=lambda: typed + 30, holds=lambda: True, proc=proc, terminals=terminals)
    first = signs.read()
    (proc / "net/dev").write_text(net.format(3000))
    second = signs.read()
    assert first.typed == pytest.approx(30)
    assert len(first.sessions) == 1
    assert (first.load, first.held, first.network, second.network) == (0.75, True, 0.0, 2000.0)


def test_a_kernel_that_says_nothing_gives_no_signs(tmp_path: Path) -> None:
    signs = LinuxSigns(time=lambda: 0.0, holds=lambda: False, proc=tmp_path, terminals=tmp_path).read()
    assert (signs.typed, signs.sessions, signs.load, signs.network) == (None, (), 0.0, 0.0)


def test_somebody_works_in_a_folder_while_it_says_so(tmp_path: Path) -> None:
    signs = FolderSigns(folder=tmp_path, holds=lambda: False)
    assert signs.read().typed is None
    (tmp_path / "busy").touch()
    assert signs.read().typed == 0.0


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_work_that_is_nowhere_else_is_listed(tmp_path: Path) -> None:
    home, remote = tmp_path / "home", tmp_path / "remote"
    for name in ("clean", "projects/dirty", "plain"):
        (home / name).mkdir(parents=True)
    remote.mkdir()
    _git(remote, "init", "--bare")
    for name in ("clean", "projects/dirty"):
        _git(home / name, "init")
        _git(home / name, "commit", "--allow-empty", "-m", "first")
        _git(home / name, "remote", "add", "origin", str(remote))
        _git(home / name, "push", "--force", "origin", "main")
    work = home / "projects/dirty"
    (work / "file").write_text("one")
    _git(work, "add", "file")
    _git(work, "stash")
    _git(work, "commit", "--allow-empty", "-m", "second")
    (work / "other").touch()
    assert survey(home) == ("projects/dirty: 1 changed file, 1 unpushed commit, 1 stash",)


def test_a_home_without_repositories_or_no_home_has_nothing_to_list(tmp_path: Path) -> None:
    assert survey(tmp_path) == ()
    assert survey(tmp_path / "none") == ()


def test_a_repository_that_git_cannot_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "x/.git").mkdir(parents=True)
    assert survey(tmp_path) == ("x: git cannot read it",)


MDSTAT = "Personalities : [raid0]\nmd127 : {} nvme1n1[0] nvme2n1[1]\n      1 blocks\nunused devices: <none>\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (MDSTAT.format("active raid0"), ("md127", True)),
        (MDSTAT.format("inactive"), ("md127", False)),
        ("Personalities :\nunused devices: <none>\n", None),
        (MDSTAT.replace("nvme", "sd").format("active raid0"), None),
    ],
)
def test_an_array_that_is_there_is_seen(text: str, found: tuple[str, bool] | None) -> None:
    assert array_of(text, ["nvme1n1", "nvme2n1"]) == found


def test_only_disks_that_end_with_the_machine_are_scratch(tmp_path: Path) -> None:
    told = {
        "nvme0n1": ("Amazon Elastic Block Store", "vol0root"),
        "nvme1n1": ("Amazon EC2 NVMe Instance Storage", "AWS1"),
        "nvme2n1": ("another", "AWS2"),
        "nvme3n1": ("another", "vol0data"),
    }
    for name, (model, serial) in told.items():
        (tmp_path / name / "device").mkdir(parents=True)
        (tmp_path / name / "device/model").write_text(f"{model}   \n")
        (tmp_path / name / "device/serial").write_text(f"{serial}\n")
    assert instance_store(tmp_path) == ["nvme1n1", "nvme2n1"]


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("4h", 14400), ("1d", 86400)])
def test_a_time_to_hold(text: str, seconds: int) -> None:
    assert programs.seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["fly"], 2, "none of storage"),
        ([], 2, "none of storage"),
        (["hold", "soon"], 1, "30m, 4h or 1d"),
        (["hold"], 1, "30m, 4h or 1d"),
    ],
)
def test_a_command_that_means_nothing_says_what_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    file = tmp_path / "conf"
    file.write_text(f"CT_TABLE=t\nCT_VOLUME=v\nCT_HOST=folder\nCT_HOST_FOLDER={tmp_path}\n")
    assert main(arguments, file) == code
    assert said in capsys.readouterr().err


def test_a_hold_is_written_where_the_watch_looks(tmp_path: Path) -> None:
    file = tmp_path / "conf"
    file.write_text(f"CT_TABLE=t\nCT_VOLUME=v\nCT_HOST=folder\nCT_HOST_FOLDER={tmp_path}\n")
    assert main(["hold", "4h"], file) == 0
    assert float((tmp_path / "run/hold").read_text()) > 0


def test_a_machine_without_settings_says_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch"], tmp_path / "none") == 1
    assert "CT_TABLE" in capsys.readouterr().err
