"""The console's pages of jobs, over a stage in memory."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import requests

from everyday.adapters.memory import MemoryArchive, MemoryCatalog
from everyday.errors import LedgerUnavailable
from everyday.jobs.board import BoardInstance
from everyday.jobs.desk import Desk
from everyday.jobs.model import Amount, JobClass
from everyday_cli import console_command, jobs_stores, site_stores
from everyday_cli.stage import StageError
from everyday_console.app import build
from everyday_console.jobs import SHOWN, Bar, Part, instance_bars, lanes
from everyday_console.jobs_pages import Jobs
from everyday_local.serving import served
from tests.cli.jobs_world import INSTANCE, MemoryTarget, Stage, filled
from tests.job_builders import ENQUEUED, a_job

HOSTILE = '"><script>boom()</script><img src=x onerror=boom()>'


def pages_of(stage: Stage) -> Jobs:
    return Jobs(
        ledger=stage.ledger,
        desk=Desk(stage.ledger, stage, stage.clock, lambda: "id"),
        clusters=("main", "other"),
        now=lambda: stage.now,
    )


class World:
    def __init__(self) -> None:
        self.stage = filled()
        self.url = ""

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=10)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with served(build(stage="local", addresses={}, jobs=pages_of(world.stage))) as world.url:
        yield world


def test_jobs_are_the_home_of_a_console_that_has_nothing_else(world: World) -> None:
    page = world.get("/")
    assert page.url == f"{world.url}/jobs"
    assert 'href="/photos"' not in page.text
    assert world.get("/photos").status_code == 404


def test_both_words_can_be_reached_from_each_other() -> None:
    stage = filled()
    app = build(
        stage="local", addresses={}, catalog=MemoryCatalog(), archive=MemoryArchive(), jobs=pages_of(stage)
    )
    with served(app) as url:
        for path, other in (("/photos", "/jobs"), ("/jobs", "/photos")):
            page = requests.get(url + path, timeout=10).text
            assert f'<a href="{path}" aria-current="page">' in page
            assert f'<a href="{other}">' in page


def test_the_page_counts_what_runs_waits_is_held_and_has_ended(world: World) -> None:
    page = world.get("/jobs").text
    counts = dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page))
    assert counts == {"running": "1", "waiting": "3", "held until others end": "1", "ended in a day": "3"}


def test_waiting_jobs_stand_in_their_order_with_places_and_reasons(world: World) -> None:
    found = re.findall(r'<td class="number">(\d+)</td><td><a href="/jobs/([^"]+)">', world.get("/jobs").text)
    assert found == [("1", "big"), ("2", "many/1"), ("3", "small")]
    assert "the largest free is 112 MiB" in world.get("/jobs").text


def test_only_the_first_of_many_are_listed_and_the_others_counted(world: World) -> None:
    world.stage.add(*[a_job(f"more-{number}", rank=ENQUEUED + 50 + number) for number in range(SHOWN)])
    page = world.get("/jobs").text
    assert page.count('<td class="number">') == SHOWN
    assert "and 3 behind them" in page


def test_an_instance_is_drawn_and_tells_for_whom_it_waits(world: World) -> None:
    page = world.get("/jobs").text
    assert INSTANCE in page
    assert 'aria-label="memory: 400 of 512 MiB"' in page
    assert "4 tasks; the rest is kept for big from about 02:50 UTC" in page
    assert 'class="b-kept"' in page


def test_a_cluster_without_anything_says_what_to_do(world: World) -> None:
    page = world.get("/jobs?cluster=other").text
    assert "everyday jobs submit" in page
    assert world.get("/jobs?cluster=nowhere").status_code == 404


def test_trouble_is_told(world: World) -> None:
    world.stage.board(trouble="the state of the cluster was lost", at=world.stage.now)
    assert "the state of the cluster was lost" in world.get("/jobs").text


@pytest.mark.parametrize(
    ("job_id", "texts"),
    [
        ("big", ["place 1", "the largest free is 112 MiB", "200 MiB"]),
        ("runs", ["running", INSTANCE]),
        ("broken", ["failed", "exit code 3: Essential container in task exited"]),
        ("later", ['href="/jobs/runs"', "nobody, not sent yet"]),
        ("many", ["1 succeeded", "1 waiting"]),
        ("many/1", ['href="/jobs/many"']),
    ],
)
def test_a_job_shows_everything_about_it(world: World, job_id: str, texts: list[str]) -> None:
    page = world.get(f"/jobs/{job_id}")
    assert page.status_code == 200
    for text in texts:
        assert text in page.text


def test_a_job_that_is_not_there_is_a_page_that_says_so(world: World) -> None:
    page = world.get("/jobs/nothing")
    assert (page.status_code, "Not here" in page.text) == (404, True)


def test_what_others_say_is_text_everywhere(world: World) -> None:
    world.stage.add(a_job("sly"))
    world.stage.start("sly")
    world.stage.end("sly", 1, stopped_reason=HOSTILE)
    for path in ("/jobs", "/jobs/sly", f"/jobs/{HOSTILE}"):
        page = world.get(path).text
        assert "&lt;script&gt;" in page
        assert "<script>boom" not in page
        assert "<img" not in page


def test_a_page_runs_no_script_but_the_consoles_own(world: World) -> None:
    for path in ("/jobs", "/jobs/big"):
        page = world.get(path)
        assert re.findall(r"<script[^>]*>", page.text) == ['<script src="/static/refresh.js" defer>']
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert "style=" not in page.text


def test_a_ledger_that_is_away_is_a_page_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise LedgerUnavailable("the table is away")

    monkeypatch.setattr(world.stage.ledger, "board", fail)
    answer = world.get("/jobs")
    assert (answer.status_code, "the table is away" in answer.text) == (503, True)


def test_what_ended_long_ago_is_left_out() -> None:
    stage = filled()
    assert lanes(stage.ledger, "main", now=stage.now).ended_total == 3
    assert lanes(stage.ledger, "main", now=stage.now + 86_500_000).ended_total == 0


def test_a_classs_bar_has_what_ended_runs_and_waits() -> None:
    stage = filled()
    bars = {bar.name: bar for bar in lanes(stage.ledger, "main", now=stage.now).classes}
    assert list(bars) == [each.value for each in JobClass]
    assert bars["high"] == Bar(
        "high", "0 ended, 1 running, 1 waiting", (Part("running", 0.0, 50.0), Part("waiting", 50.0, 50.0))
    )


def test_an_instance_has_a_bar_for_each_dimension_that_it_has() -> None:
    whole = BoardInstance(
        ec2_id="i", arn="a", registered=Amount(1024, 512, 0), free=Amount(1024, 128), tasks=1
    )
    assert list(instance_bars(whole)) == [
        Bar("memory", "384 of 512 MiB", (Part("used", 0.0, 75.0), Part("free", 75.0, 25.0))),
        Bar("CPU", "0 of 1024 units", (Part("free", 0.0, 100.0),)),
    ]


class PhotosTarget(NamedTuple):
    """Photos in memory, or a stage without them."""

    there: bool
    folder: None = None
    stage_name: str | None = "aws"
    catalog: Any = MemoryCatalog()
    archive: Any = MemoryArchive()

    @property
    def stage(self) -> Any:
        return SimpleNamespace(name="aws")

    @property
    def post_settings(self) -> Any:
        if not self.there:
            raise StageError("EverydayPhotos is not deployed")
        return SimpleNamespace(ghost_url="https://blog.test")


class NoJobs(jobs_stores.Target):
    @property
    def ledger(self) -> Any:
        raise StageError("EverydayJobs is not deployed")


class NoSites(site_stores.Target):
    """A stage without sites."""

    @property
    def sites(self) -> Any:
        raise StageError("EverydaySite is not deployed")


@pytest.fixture
def no_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_stores, "Target", NoSites)


@pytest.mark.usefixtures("no_sites")
@pytest.mark.parametrize(
    ("photos", "jobs", "home", "missing"),
    [(True, True, "/photos", None), (False, True, "/jobs", "/photos"), (True, False, "/photos", "/jobs")],
)
def test_the_console_shows_what_the_stage_has(
    monkeypatch: pytest.MonkeyPatch, photos: bool, jobs: bool, home: str, missing: str | None
) -> None:
    monkeypatch.setattr(MemoryTarget, "world", filled(), raising=False)
    monkeypatch.setattr(jobs_stores, "Target", MemoryTarget if jobs else NoJobs)
    with served(console_command.app_of(PhotosTarget(photos), {})) as url:
        assert requests.get(url, timeout=10).url == url + home
        for path in ("/photos", "/jobs"):
            assert requests.get(url + path, timeout=10).ok is (path != missing)


@pytest.mark.usefixtures("no_sites")
def test_a_stage_that_has_nothing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_stores, "Target", NoJobs)
    with pytest.raises(StageError, match="EverydayPhotos is not deployed"):
        console_command.app_of(PhotosTarget(False), {})
