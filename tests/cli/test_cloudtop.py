"""`everyday cloudtop`, over a world in which machines really come, go and are taken back."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.cloudtop.events import Ask
from everyday_cli import cloudtop_ssh, cloudtop_ssh_commands, cloudtop_stores
from tests.cli.cloudtop_world import SimulatedTarget
from tests.cli.photos_world import Cli
from tests.faults.cloudtop.simulation import VOLUME, Simulation


@pytest.fixture
def sim(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Simulation:
    """A CloudTop that is down."""
    made = Simulation(7, tmp_path / "guests")
    made.keeper.hear(Ask(up=False, reason="owner"))
    monkeypatch.setattr(cloudtop_stores, "Target", SimulatedTarget)
    monkeypatch.setattr(SimulatedTarget, "sim", made, raising=False)
    monkeypatch.setattr(SimulatedTarget, "pushed", [], raising=False)
    made.world.advance(made.world.now + 300)
    return made


def _json(cli: Cli, *words: str) -> Any:
    done = cli("cloudtop", *words, "--json")
    assert done.status == 0, done
    return json.loads(done.out)


def test_up_follows_the_machine_until_there_is_a_shell(cli: Cli, sim: Simulation) -> None:
    done = cli("cloudtop", "up")
    assert done.status == 0
    assert "is ready" in done.out
    assert "next: everyday cloudtop ssh" in done.out
    assert sim.at_work() is not None


def test_up_twice_is_up_once(cli: Cli, sim: Simulation) -> None:
    first, second = _json(cli, "up"), _json(cli, "up")
    assert first["ended"] == second["ended"] == "reached"
    assert first["text"] == second["text"]
    assert len(sim.world.instances) == 1


def test_up_without_waiting_says_what_was_asked_for(cli: Cli, sim: Simulation) -> None:
    assert _json(cli, "up", "--no-wait") == {"ended": None, "text": "capacity requested on spot in a"}
    assert sim.book.wish().up


def test_up_on_demand_does_not_try_spot(cli: Cli, sim: Simulation) -> None:
    assert "on-demand" in _json(cli, "up", "--on-demand")["text"]
    assert {it.market for it in sim.world.instances.values()} == {"on-demand"}


def test_up_says_why_it_takes_so_long_and_falls_back(cli: Cli, sim: Simulation) -> None:
    sim.world.capacity = lambda _type, _zone, market: market == "on-demand"
    assert "on-demand" in _json(cli, "up")["text"]


def test_a_machine_that_never_comes_ends_the_wait_and_not_the_wish(cli: Cli, sim: Simulation) -> None:
    sim.world.capacity = lambda *_: False
    done = cli("cloudtop", "up")
    assert done.status == 1
    assert "It goes on by itself" in done.err
    assert "capacity requested" in done.err
    assert sim.book.wish().up


def test_a_dry_run_changes_nothing(cli: Cli, sim: Simulation) -> None:
    before = sim.book.wish()
    assert _json(cli, "up", "--dry-run") == {
        "dry_run": True,
        "would": "start it, spot",
        "not_pushed": [],
    }
    assert _json(cli, "down", "--dry-run") == {"dry_run": True, "would": None, "not_pushed": []}
    assert sim.book.wish() == before


def test_down_ends_with_a_free_volume(cli: Cli, sim: Simulation) -> None:
    _json(cli, "up")
    done = cli("cloudtop", "down")
    assert done.status == 0
    assert "the volume is free" in done.out
    assert sim.world.disks[VOLUME].at is None
    assert not [it for it in sim.world.instances.values() if it.state != "terminated"]


def _with_work(sim: Simulation) -> None:
    report = sim.book.report()
    assert report
    sim.book.say(replace(report, dirty=("~/persistent/work: 2 commits not pushed",)))


def test_down_lists_work_that_is_in_no_other_place_and_does_not_go_on(cli: Cli, sim: Simulation) -> None:
    _json(cli, "up")
    _with_work(sim)
    done = cli("cloudtop", "down")
    assert done.status == 1
    assert "not pushed: ~/persistent/work: 2 commits not pushed" in done.err
    assert "--force" in done.err
    assert sim.book.wish().up


def test_down_goes_on_when_it_is_told_to(cli: Cli, sim: Simulation) -> None:
    _json(cli, "up")
    _with_work(sim)
    assert _json(cli, "down", "--force", "--no-wait")["ended"] is None
    assert not sim.book.wish().up


def test_status_shows_machine_volume_and_work(cli: Cli, sim: Simulation) -> None:
    _json(cli, "up")
    _with_work(sim)
    _json(cli, "snapshot")
    told = _json(cli, "status")
    guest = sim.at_work()
    assert guest
    assert told["machine"]["id"] == guest.instance == told["lease"]["holder"]
    assert (told["wanted"], told["stage"], told["zone"]) == (True, "ready", "a")
    assert told["volume"]["attached_to"] == guest.instance
    assert told["not_pushed"] == ["~/persistent/work: 2 commits not pushed"]
    text = cli("cloudtop", "status").out
    for part in (guest.instance, "is ready", VOLUME, "50 GiB", "0 min ago", "2 commits not pushed"):
        assert part in text


def test_status_of_nothing(cli: Cli, sim: Simulation) -> None:
    told = _json(cli, "status")
    assert (told["wanted"], told["machine"], told["newest_snapshot"]) == (False, None, None)
    assert "the volume is free" in cli("cloudtop", "status").out


def test_a_hold_is_written_and_taken_back(cli: Cli, sim: Simulation) -> None:
    assert "held until" in cli("cloudtop", "hold", "4h").out
    until = sim.book.wish().hold_until
    assert until
    assert until.timestamp() - sim.world.now == pytest.approx(4 * 3600)
    assert "held" in cli("cloudtop", "status").out
    assert _json(cli, "hold", "off") == {"hold_until": None}
    assert cli("cloudtop", "hold", "soon").status == 2


def test_snapshots_are_taken_and_listed(cli: Cli, sim: Simulation) -> None:
    assert "There is none yet" in cli("cloudtop", "snapshot", "--list").out
    taken = _json(cli, "snapshot")
    (listed,) = _json(cli, "snapshot", "--list")
    assert listed["id"] == taken["id"]
    assert taken["id"] in cli("cloudtop", "snapshot", "--list").out


def test_a_move_takes_the_data_along_and_the_machine_starts_there(cli: Cli, sim: Simulation) -> None:
    _json(cli, "up")
    _json(cli, "down")
    moved = _json(cli, "move", "--az", "b", "--yes")
    assert moved["zone"] == "b"
    assert moved["volume"] == sim.data != VOLUME
    assert sim.world.disks[VOLUME].tags["ct:home"] == "no"
    assert "ct:stale" in sim.world.disks[VOLUME].tags
    _json(cli, "up")
    guest = sim.at_work()
    assert guest
    assert sim.world.instances[guest.instance].zone == "b"
    assert sim.world.disks[moved["volume"]].at == guest.instance


@pytest.mark.parametrize("crash", ["make_volume", "put_home", "tag"])
def test_a_move_that_ended_in_the_middle_is_done_by_the_next(
    cli: Cli, sim: Simulation, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    owner = sim.book if crash == "put_home" else sim.sight.ec2
    real = getattr(owner, crash)

    def cut(*args: Any, **more: Any) -> None:
        if crash != "tag":
            real(*args, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(owner), crash, lambda _, *args, **more: cut(*args, **more))
        assert cli("cloudtop", "move", "--az", "b", "--yes").status == 1
    cli("cloudtop", "move", "--az", "b", "--yes")
    homes = [it for it in sim.world.disks.values() if it.tags.get("ct:home") == "yes"]
    assert [it.id for it in homes] == [sim.data]
    assert homes[0].zone == "b"


def test_a_move_is_refused_while_the_machine_has_the_data(cli: Cli, sim: Simulation) -> None:
    _json(cli, "up")
    done = cli("cloudtop", "move", "--az", "b", "--yes")
    assert done.status == 1
    assert "first: everyday cloudtop down" in done.err


def test_a_move_where_no_fleet_is_says_where_one_is(cli: Cli, sim: Simulation) -> None:
    done = cli("cloudtop", "move", "--az", "z", "--yes")
    assert done.status == 1
    assert "no fleet in z, only in a, b" in done.err
    assert "already" in cli("cloudtop", "move", "--az", "a", "--yes").err


def test_a_lost_zone_is_left_with_the_newest_snapshot(cli: Cli, sim: Simulation) -> None:
    assert "no complete snapshot" in cli("cloudtop", "move", "--az", "b", "--newest", "--yes").err
    taken = _json(cli, "snapshot")
    sim.world.advance(sim.world.now + 300)
    count = len(sim.world.copies)
    assert _json(cli, "move", "--az", "b", "--newest", "--yes")["zone"] == "b"
    assert len(sim.world.copies) == count
    assert taken["id"] in sim.world.copies


def test_a_dry_move_says_what_it_would_do(cli: Cli, sim: Simulation) -> None:
    assert VOLUME in _json(cli, "move", "--az", "b", "--dry-run")["would"]
    assert sim.data == VOLUME


def test_a_restore_is_always_a_new_volume(cli: Cli, sim: Simulation) -> None:
    taken = _json(cli, "snapshot")
    assert "50 GiB" in _json(cli, "restore", taken["id"], "--dry-run")["would"]
    restored = _json(cli, "restore", taken["id"])
    assert restored["zone"] == "a"
    assert restored["volume"] == sim.data != VOLUME
    assert sim.world.disks[VOLUME].tags["ct:home"] == "no"
    assert "there is no snapshot" in cli("cloudtop", "restore", "snap-0").err


def test_the_volume_grows_and_never_shrinks(cli: Cli, sim: Simulation) -> None:
    assert _json(cli, "resize", "--volume", "80") == {"volume": VOLUME, "size_gib": 80}
    assert sim.world.disks[VOLUME].size_gib == 80


def test_the_doctor_names_what_is_wrong_and_what_to_do(
    cli: Cli, sim: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = {it["what"]: it for it in _json(cli, "doctor")}
    assert found["programs"]["state"] == found["snapshots"]["state"] == "warn"
    assert "Session Manager plugin" in found["programs"]["text"]
    assert {found[it]["state"] for it in ("deployed", "fleets", "volume", "boots")} == {"ok"}
    del sim.world.disks[VOLUME]
    done = cli("cloudtop", "doctor")
    assert done.status == 1
    assert "everyday cloudtop move --newest" in done.out


def test_the_cost_is_shown_by_part(cli: Cli, sim: Simulation) -> None:
    told = _json(cli, "cost")
    assert told["usd"] == pytest.approx(5.5)
    assert {it["name"]: it["usd"] for it in told["parts"] if it["usd"]} == {
        "machine on spot": 3.5,
        "volume": 2.0,
    }
    text = cli("cloudtop", "cost").out
    assert "$3.50" in text
    assert "Codespaces" in text


# Reaching it


KEYGEN = """#!/bin/sh
for last; do :; done
echo key > "$last"; echo public > "$last.pub"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of a person who has every program; nothing is really run but a stand-in of ssh-keygen."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("ssh", "aws", "session-manager-plugin", "code", "ssh-keygen"):
        (programs / name).write_text(KEYGEN)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What a command turned into."""
    words: list[list[str]] = []
    monkeypatch.setattr(cloudtop_ssh_commands, "_become", words.append)
    return words


def test_ssh_writes_its_configuration_once_and_leaves_the_owners_alone(
    cli: Cli, sim: Simulation, home: Path, became: list[list[str]]
) -> None:
    config = home / ".ssh/config"
    config.write_text("Host other\n    User me\n")
    _json(cli, "up")
    for _ in range(2):
        assert cli("cloudtop", "ssh", "--", "uptime").status == 0
    assert became == [["ssh", "cloudtop", "uptime"]] * 2
    assert config.read_text() == "Include everyday/config\n\nHost other\n    User me\n"
    ours = home / ".ssh/everyday/config"
    assert "env AWS_DEFAULT_REGION=us-east-1 " in ours.read_text()
    assert "cloudtop proxy --stage aws\n" in ours.read_text()
    assert ours.stat().st_mode & 0o777 == 0o600


def test_a_configuration_among_dotfiles_stays_a_link(cli: Cli, sim: Simulation, home: Path) -> None:
    dotfile = home / "dotfiles-ssh"
    dotfile.write_text("")
    (home / ".ssh/config").symlink_to(dotfile)
    cli("cloudtop", "ssh", "--dry-run")
    assert (home / ".ssh/config").is_symlink()
    assert "Include everyday/config" in dotfile.read_text()


def test_ssh_without_a_machine_says_how_to_get_one(
    cli: Cli, sim: Simulation, home: Path, became: list[list[str]]
) -> None:
    assert "everyday cloudtop up" in cli("cloudtop", "ssh").err
    assert became == []


def test_ssh_names_every_program_that_is_missing(
    cli: Cli, sim: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = cli("cloudtop", "ssh").err
    assert "session-manager-plugin is not there: install" in said
    assert "aws is not there: install" in said


def test_the_proxy_lets_the_key_in_and_is_a_session_of_this_machine(
    cli: Cli, sim: Simulation, home: Path, became: list[list[str]]
) -> None:
    _json(cli, "up")
    cloudtop_ssh.prepare(home / ".ssh", stage="aws", region="us-east-1")
    assert cli("cloudtop", "proxy").status == 0
    guest = sim.at_work()
    assert guest
    assert SimulatedTarget.pushed == [(guest.instance, "public\n")]
    (words,) = became
    assert words == cloudtop_ssh.session("us-east-1", guest.instance)
    assert "AWS-StartSSHSession" in words


def test_code_opens_a_folder_over_the_same_ssh(
    cli: Cli, sim: Simulation, home: Path, became: list[list[str]]
) -> None:
    _json(cli, "up")
    cli("cloudtop", "code", "work")
    assert became == [["code", "--remote", "ssh-remote+cloudtop", "/home/ubuntu/work"]]


def test_the_proxy_is_no_command_for_people(cli: Cli) -> None:
    assert "\n  proxy" not in cli("cloudtop", "--help").out
    assert "--stage" in cli("cloudtop", "proxy", "--help").out
