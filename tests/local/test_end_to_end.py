"""The whole of local mode, for real: processes, `cdk deploy`, functions, Instagram to the blog."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from everyday_local import instagram as sample
from everyday_local.folder import FOLDER_VARIABLE, PROJECT
from tests.local.sockets import LOOPBACK, listening, marked

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("local"),
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc to see every process and socket"),
]

SAMPLE = tomllib.loads(Path(sample.__file__).with_name("sample.toml").read_text(encoding="utf-8"))
WITHHELD = sum(post.get("withheld", False) for post in SAMPLE["post"])
"""Posts of the sample account of which Instagram gives no file: they are tried again later."""

EVERYDAY = Path(sys.executable).with_name("everyday")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("local")
    yield path
    everyday(path, "local", "down", "--json")


def everyday(folder: Path, *words: str) -> Any:
    """Run a command; its one JSON document."""
    done = subprocess.run(
        [EVERYDAY, *words], env=environment(folder), capture_output=True, text=True, timeout=600, cwd=PROJECT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def environment(folder: Path) -> dict[str, str]:
    """With credentials in the shell, as an owner has them: none of them may arrive anywhere."""
    owners = {"AWS_ACCESS_KEY_ID": "AKIAOWNEROWNEROWNER0", "AWS_PROFILE": "owner"}
    return {**os.environ, **owners, FOLDER_VARIABLE: str(folder)}


@pytest.fixture(scope="module")
def once(folder: Path) -> dict[str, Any]:
    """What the very first run said, and which of its processes it left behind."""
    summary = everyday(folder, "local", "up", "--once", "--json")
    return {"summary": summary, "left": marked(folder)}


@pytest.fixture
def up(folder: Path, once: dict[str, Any]) -> dict[str, Any]:
    """Local mode is up; its addresses and the first run's summary."""
    if not services(folder):
        everyday(folder, "local", "up", "--detach", "--json")
    addresses = {name: each["address"] for name, each in services(folder).items()}
    return {**once["summary"], "addresses": addresses}


@pytest.fixture
def down(folder: Path, once: dict[str, Any]) -> None:
    """Local mode is down, after an earlier run."""
    everyday(folder, "local", "down", "--json")


def services(folder: Path) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in everyday(folder, "local", "status", "--json")["services"]}


def test_once_backs_the_account_up_posts_it_and_ends_everything(once: dict[str, Any]) -> None:
    photos = once["summary"]["photos"]
    assert list(once["summary"]) == ["photos", "jobs", "site"]
    assert photos["posts"] == photos["archived"] >= 60
    assert photos["media"] == photos["archived"] + WITHHELD
    assert photos["duplicates"] == 0
    assert once["left"] == set()


def test_once_runs_a_hundred_jobs_in_their_order_with_no_call_in_vain(once: dict[str, Any]) -> None:
    jobs = once["summary"]["jobs"]
    assert (jobs["submitted"], jobs["succeeded"]) == (100, 100)
    assert 0 < jobs["run_task_calls"] <= 100
    assert (jobs["rejects"], jobs["inversions"]) == (0, 0)


def test_once_publishes_both_example_sites_whole(once: dict[str, Any]) -> None:
    site = once["summary"]["site"]
    assert (site["sites"], site["published"], site["broken"]) == (2, 2, 0)
    assert site["files"] >= 30


def test_a_later_run_deploys_nothing_posts_nothing_and_starts_nothing(
    folder: Path, down: None, once: dict[str, Any]
) -> None:
    deployed = (folder / "logs" / "cdk-deploy.log").stat().st_mtime_ns
    pushed = (folder / "pipeline" / "executions.json").read_bytes()
    assert everyday(folder, "local", "up", "--once", "--json") == once["summary"]
    assert (folder / "pipeline" / "executions.json").read_bytes() == pushed
    assert (folder / "logs" / "cdk-deploy.log").stat().st_mtime_ns == deployed
    assert marked(folder) == set()


def test_it_listens_on_loopback_only(folder: Path, up: dict[str, Any]) -> None:
    addresses = listening(marked(folder))
    assert len(addresses) >= len(up["addresses"]) >= 4
    assert set(addresses) <= LOOPBACK


def test_no_process_has_the_owners_credentials(folder: Path, up: dict[str, Any]) -> None:
    everything = [Path(f"/proc/{pid}/environ").read_bytes() for pid in marked(folder)]
    assert len(everything) >= 4
    assert not [each for each in everything if b"AKIAOWNER" in each or b"AWS_PROFILE" in each]


def test_the_commands_work_on_it_by_default(folder: Path, up: dict[str, Any]) -> None:
    assert {"ministack", "instagram", "ecs", "pipeline", "edge", "blog", "valkey"} <= set(services(folder))
    assert everyday(folder, "photos", "verify", "--json")


def test_a_job_can_be_sent_awaited_and_looked_at(folder: Path, up: dict[str, Any], tmp_path: Path) -> None:
    seconds = [{"name": "SECONDS_TO_RUN", "value": "0.1"}]
    job = {
        "id": f"mine-{tmp_path.name}",
        "task_definition": "everyday-sample",
        "overrides": {"containerOverrides": [{"environment": seconds}]},
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    sent = everyday(folder, "jobs", "submit", str(tmp_path / "job.json"), "--wait", "--json")
    assert [it["state"] for it in sent["jobs"]] == ["SUCCEEDED"]
    again = everyday(folder, "jobs", "submit", str(tmp_path / "job.json"), "--wait", "--json")
    assert (again["sent"], again["duplicates"]) == (0, 1)
    assert everyday(folder, "jobs", "show", job["id"], "--json")["exit_code"] == 0
    assert len(everyday(folder, "jobs", "list", "--limit", "0", "--json")) >= 101
    instance = everyday(folder, "jobs", "cluster", "--json")["instances"][0]
    assert instance["registered"]["memory"] == 512


def test_a_job_that_can_never_run_is_rejected_with_the_reason(
    folder: Path, up: dict[str, Any], tmp_path: Path
) -> None:
    job = {"id": f"large-{tmp_path.name}", "task_definition": "everyday-sample", "memory": 4096}
    (tmp_path / "job.json").write_text(json.dumps(job))
    done = subprocess.run(
        [EVERYDAY, "jobs", "submit", str(tmp_path / "job.json"), "--wait", "--json"],
        env=environment(folder), capture_output=True, text=True, timeout=300, cwd=PROJECT,
    )  # fmt: skip
    [told] = json.loads(done.stdout)["jobs"]
    assert (done.returncode, told["state"]) == (1, "REJECTED")
    assert "4096 MiB" in told["reason"]


def ask(up: dict[str, Any], path: str) -> requests.Response:
    """GET a path of the site oblique."""
    host = {"Host": up["addresses"]["edge"].removeprefix("http://").replace("127.0.0.1", "oblique.localhost")}
    return requests.get(up["addresses"]["edge"] + path, headers=host, timeout=30, allow_redirects=False)


def test_a_site_is_served_as_cloudfront_would(up: dict[str, Any]) -> None:
    page = ask(up, "/")
    style = re.search(r'href="(css/main\.[a-z0-9]{10}\.css)"', page.text)
    assert style
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    asset = ask(up, f"/{style[1]}")
    assert asset.status_code == 200
    assert "immutable" in asset.headers["cache-control"]
    assert ask(up, "/css/main.css").status_code == 404
    assert ask(up, "/deck").status_code == 200
    assert ask(up, "/cards").headers["location"] == "/deck"
    assert ask(up, "/nothing").status_code == 404


def test_a_changed_site_is_pushed_and_taken_back(folder: Path, up: dict[str, Any], tmp_path: Path) -> None:
    """And left as it was found, or the next `local up` publishes the example again."""
    shutil.copytree(PROJECT / "examples" / "sites" / "oblique", tmp_path / "oblique")
    (tmp_path / "oblique" / "deck.html").open("a").write("<!-- one card more -->")
    before = ask(up, "/").headers["x-everyday-release"]
    pushed = everyday(folder, "site", "push", str(tmp_path / "oblique"), "--json")
    assert pushed["state"] == "published"
    after = ask(up, "/deck")
    assert "one card more" in after.text
    assert after.headers["x-everyday-release"] != before
    everyday(folder, "site", "rollback", before, "--site", "oblique", "--json")
    again = ask(up, "/deck")
    assert again.headers["x-everyday-release"] == before
    assert "one card more" not in again.text
    everyday(folder, "site", "push", str(PROJECT / "examples" / "sites" / "oblique"), "--json")


def test_another_run_beside_it_changes_no_process(folder: Path, up: dict[str, Any]) -> None:
    before = services(folder)
    photos = everyday(folder, "local", "up", "--once", "--json")["photos"]
    assert photos == up["photos"]
    assert services(folder) == before


def test_a_service_that_was_killed_is_started_again(folder: Path, up: dict[str, Any]) -> None:
    before = services(folder)
    os.killpg(before["blog"]["pid"], signal.SIGKILL)
    photos = everyday(folder, "local", "up", "--detach", "--json")["photos"]
    after = services(folder)
    assert photos == up["photos"]
    assert after["blog"]["address"] == before["blog"]["address"]
    assert after["blog"]["pid"] != before["blog"]["pid"]
    assert after["ministack"]["pid"] == before["ministack"]["pid"]


def test_down_ends_everything(folder: Path, up: dict[str, Any]) -> None:
    ended = everyday(folder, "local", "down", "--json")["ended"]
    assert {"ministack", "instagram", "ecs", "pipeline", "edge", "blog", "valkey"} <= set(ended)
    assert marked(folder) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_foreground_run_and_all_it_started(
    folder: Path, down: None, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [EVERYDAY, "local", "up", "--json"],
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    ) as running:
        assert running.stdout
        document = _read_document(running.stdout)
        assert document["photos"]["duplicates"] == 0
        assert document["addresses"]["blog"].startswith("http://127.0.0.1:")
        running.send_signal(number)
        assert running.wait(60) == 0
    assert marked(folder) == set()


def _read_document(lines: Iterable[str]) -> Any:
    text = ""
    for line in lines:
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(f"no document: {text}")
