"""When local mode pushes an example site, and what it says when its pipeline fails."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from everyday import site_wiring
from everyday.ports import Silent
from everyday.site.pushing import Pushed, PushState
from everyday_local.aws import local_session
from everyday_local.errors import LocalError
from everyday_local.site_job import SiteJob, SiteSummary
from tests.web import reply, serving

SITE = "oblique"
OUTPUT: dict[str, Any] = {
    "settings": {
        "site": SITE,
        "bucket": "b",
        "key_value_store": "k",
        "distribution": "d",
        "site_url": "http://oblique.localhost:4590",
        "rules": "{}",
    },
    "function": "f",
    "pipeline": "p",
    "uploads": "u",
    "upload_key": "oblique.zip",
}


def a_push(state: PushState, said: str = "") -> Pushed:
    return Pushed(site=SITE, version="v1", size=1, state=state, said=said)


class Pusher:
    """Knows of `before`; what is pushed or followed ends as `ends`."""

    def __init__(self) -> None:
        self.before: Pushed | None = None
        self.ends = a_push(PushState.PUBLISHED)
        self.pushes = 0

    def known(self, archive: Path) -> Pushed | None:
        assert archive.stat().st_size > 10_000
        return self.before

    def push(self, archive: Path) -> Pushed:
        self.pushes += 1
        return a_push(PushState.UNKNOWN)

    def follow(self, pushed: Pushed, progress: Any) -> Pushed:
        assert pushed.state is PushState.UNKNOWN
        return self.ends


@pytest.fixture
def pusher(monkeypatch: pytest.MonkeyPatch) -> Pusher:
    made = Pusher()
    monkeypatch.setattr(site_wiring, "pusher", lambda *_: made)
    return made


@pytest.fixture
def live() -> dict[str, str]:
    """The headers of the site's page, by which it says its release."""
    return {"X_Everyday_Release": "r1", "Content_Type": "text/html"}


@pytest.fixture
def job(pusher: Pusher, live: dict[str, str]) -> Iterator[SiteJob]:
    outputs = {"SiteoXf": json.dumps({**OUTPUT, "settings": {**OUTPUT["settings"], "site": "o-f"}})}
    outputs["Siteoblique"] = json.dumps(OUTPUT)
    with serving(lambda asked: reply(asked, b"<p>", **live)) as edge:
        yield SiteJob(local_session(edge.url), outputs, Silent(), edge_url=edge.url)


def test_a_site_that_was_never_pushed_is_pushed_and_the_owners_is_left_alone(
    job: SiteJob, pusher: Pusher
) -> None:
    assert job.run() == SiteSummary(sites=1, published=1, files=1, broken=0)
    assert pusher.pushes == 1


def test_what_is_published_is_not_pushed_again(job: SiteJob, pusher: Pusher) -> None:
    pusher.before = a_push(PushState.PUBLISHED)
    job.run()
    assert pusher.pushes == 0


def test_a_push_that_a_cut_run_left_under_way_is_followed(job: SiteJob, pusher: Pusher) -> None:
    pusher.before = a_push(PushState.UNKNOWN)
    job.run()
    assert pusher.pushes == 0


@pytest.mark.parametrize("before", [PushState.FAILED, PushState.FOLLOWED])
def test_what_was_not_published_is_pushed_again(job: SiteJob, pusher: Pusher, before: PushState) -> None:
    pusher.before = a_push(before)
    job.run()
    assert pusher.pushes == 1


def test_what_visitors_do_not_get_is_pushed_again(job: SiteJob, pusher: Pusher, live: dict[str, str]) -> None:
    pusher.before = a_push(PushState.PUBLISHED)
    del live["X_Everyday_Release"]
    assert job.run() == SiteSummary(sites=1, published=0, files=1, broken=0)
    assert pusher.pushes == 1


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (a_push(PushState.FAILED, "css/a.css is missing"), "site oblique failed: css/a.css is missing. Look"),
        (a_push(PushState.FAILED), "it gave no reason"),
        (a_push(PushState.UNKNOWN), "has not come to an end"),
    ],
)
def test_a_pipeline_that_fails_ends_the_run_with_its_own_words(
    job: SiteJob, pusher: Pusher, ends: Pushed, told: str
) -> None:
    pusher.ends = ends
    with pytest.raises(LocalError, match=told):
        job.run()
