"""A job of CodePipeline is answered once and for all, however it ends."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import (
    BucketUnavailable,
    EdgeUnavailable,
    InvalidMessageError,
    SettingsError,
    SiteBroken,
    SiteRefused,
    SiteUnconfirmed,
)
from everyday.ports import TimeLeft, forever
from everyday.site.messages import Artifact, PipelineJob, Waiting, continuation, parse_job
from everyday.site.pipeline_job import Ended, PipelineJobs
from everyday.site.ports import Tree
from everyday.site.reports import Published
from tests.functions.handling import an_event

JOB = "11111111-abcd-1111-abcd-111111abcdef"
RELEASE = "20261123-221501-k3f9xq"
TREE: Any = object()


def a_job(**changes: Any) -> PipelineJob:
    """A job as CodePipeline sends it, with some of its data changed."""
    event = an_event("codepipeline_job")
    event["CodePipeline.job"]["data"].update(changes)
    return parse_job(event)


class NotedAnswers:
    """Remembers what CodePipeline was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.trouble: Exception | None = None

    def succeed(self, job_id: str, *, release: str, summary: str, variables: Mapping[str, str]) -> None:
        self._note("succeed", job_id, release, summary, variables["Release"])

    def carry_on(self, job_id: str, *, token: str) -> None:
        self._note("carry on", job_id, token)

    def fail(self, job_id: str, *, reason: str) -> None:
        self._note("fail", job_id, reason)

    def _note(self, *said: str) -> None:
        if self.trouble:
            raise self.trouble
        self.told.append(said)


class NotedPublisher:
    """Publishes one release; `trouble` is raised by the use case of that name."""

    def __init__(self, published: Published | None = None, **trouble: Exception) -> None:
        self.published = published or Published(site="oblique", release=RELEASE, number=7)
        self.trouble = trouble
        self.trees: list[Tree] = []
        self.confirmed: list[tuple[str, str | None]] = []
        self.seconds: list[float] = []

    def publish(self, tree: Tree, *, by: str, wait: bool = True, time_left: TimeLeft = forever) -> Published:
        assert (by, wait) == ("pipeline", False)
        self._act("publish", time_left)
        self.trees.append(tree)
        return self.published

    def confirm(
        self, release_id: str, *, invalidation: str | None = None, time_left: TimeLeft = forever
    ) -> None:
        self._act("confirm", time_left)
        self.confirmed.append((release_id, invalidation))

    def _act(self, name: str, time_left: TimeLeft) -> None:
        self.seconds.append(time_left())
        if name in self.trouble:
            raise self.trouble[name]


class World:
    """One site's jobs, with everything around them noted."""

    def __init__(self, publisher: NotedPublisher | Exception | None = None) -> None:
        self.answers = NotedAnswers()
        self.publisher = publisher or NotedPublisher()
        self.fetched: list[Artifact] = []
        self.refused: Exception | None = None
        self.open = 0

    def run(self, job: PipelineJob, seconds: float = 900) -> Any:
        return self.jobs().run(job, lambda: seconds)

    def jobs(self) -> PipelineJobs:
        return PipelineJobs("oblique", self.answers, self._fetch, self._made)

    def _made(self) -> NotedPublisher:
        if isinstance(self.publisher, Exception):
            raise self.publisher
        return self.publisher

    @contextmanager
    def _fetch(self, artifact: Artifact) -> Iterator[Tree]:
        if self.refused:
            raise self.refused
        self.fetched.append(artifact)
        self.open += 1
        try:
            yield TREE
        finally:
            self.open -= 1


def test_what_was_pushed_is_published_confirmed_and_answered() -> None:
    publisher = NotedPublisher()
    world = World(publisher)
    report = world.run(a_job())
    assert (report.ended, report.release) == (Ended.PUBLISHED, RELEASE)
    assert publisher.trees == [TREE]
    assert publisher.confirmed == [(RELEASE, None)]
    assert world.answers.told == [
        ("succeed", JOB, RELEASE, f"oblique: release {RELEASE} is live", RELEASE),
    ]
    assert world.open == 0


def test_an_artifact_is_read_with_the_credentials_that_came_with_it() -> None:
    world = World()
    world.run(a_job())
    (artifact,) = world.fetched
    assert artifact.key == "everyday-oblique/Pushed/2MAtWGf"
    assert artifact.revision == "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
    assert artifact.credentials.access_key_id == "AKIAIOSFODNN7EXAMPLE"
    assert "EXAMPLEKEY" not in repr(artifact)
    assert "MIICiTCC" not in repr(artifact)


@pytest.mark.parametrize(
    "trouble",
    [
        SiteBroken("index.html:3 names css/gone.css"),
        BucketUnavailable("storing css/x.css: SlowDown"),
        SiteRefused("link.txt leads out of the folder"),
    ],
)
def test_the_reason_of_a_failure_is_told_in_its_own_words(trouble: Exception) -> None:
    world = World(NotedPublisher(publish=trouble))
    assert world.run(a_job()).ended is Ended.FAILED
    assert world.answers.told == [("fail", JOB, str(trouble))]
    assert world.open == 0


def test_a_zip_that_is_refused_is_told_and_nothing_is_published() -> None:
    publisher = NotedPublisher()
    world = World(publisher)
    world.refused = SiteRefused("../x leads out of the zip")
    world.run(a_job())
    assert world.answers.told == [("fail", JOB, "../x leads out of the zip")]
    assert publisher.trees == []


@pytest.mark.parametrize("use_case", ["publish", "confirm"])
def test_a_fault_that_nobody_thought_of_is_answered_without_what_it_says(use_case: str) -> None:
    world = World(NotedPublisher(**{use_case: RuntimeError("secret inside")}))
    world.run(a_job())
    ((told, job, reason),) = world.answers.told
    assert (told, job) == ("fail", JOB)
    assert "RuntimeError" in reason
    assert "secret inside" not in reason


def test_a_publisher_that_cannot_be_made_is_answered_too() -> None:
    world = World(SettingsError("RULES is no JSON"))
    world.run(a_job())
    assert world.answers.told == [("fail", JOB, "RULES is no JSON")]


def test_a_job_for_another_site_is_refused() -> None:
    publisher = NotedPublisher()
    world = World(publisher)
    configuration = {"FunctionName": "f", "UserParameters": '{"site": "cointossr"}'}
    world.run(a_job(actionConfiguration={"configuration": configuration}))
    ((told, _, reason),) = world.answers.told
    assert told == "fail"
    assert "cointossr" in reason
    assert publisher.trees == []


@pytest.mark.parametrize(
    "changes",
    [
        {"inputArtifacts": []},
        {"inputArtifacts": "zip"},
        {"artifactCredentials": None},
        {"actionConfiguration": {"configuration": {"FunctionName": "f"}}},
        {"actionConfiguration": {"configuration": {"UserParameters": "oblique"}}},
        {"continuationToken": "not ours"},
    ],
)
def test_an_action_that_is_set_up_otherwise_is_answered_with_the_reason(changes: dict[str, Any]) -> None:
    world = World()
    world.run(a_job(**changes))
    ((told, _, reason),) = world.answers.told
    assert told == "fail"
    assert "not set up as the stack does it" in reason


@pytest.mark.parametrize("event", [{}, {"CodePipeline.job": 3}, {"CodePipeline.job": {"data": {}}}, [], None])
def test_what_is_no_job_has_nobody_to_answer(event: Any) -> None:
    with pytest.raises(InvalidMessageError, match=r"not a job of CodePipeline"):
        parse_job(event)


UNSEEN = SiteUnconfirmed("release x is published, but / did not answer with it")


def test_a_release_that_visitors_do_not_get_yet_is_looked_for_in_another_run_and_not_published_again() -> (
    None
):
    published = Published(site="oblique", release=RELEASE, number=7, invalidation="I1")
    world = World(NotedPublisher(published, confirm=UNSEEN))
    assert world.run(a_job()).ended is Ended.WAITING
    ((told, job, token),) = world.answers.told
    assert (told, job) == ("carry on", JOB)
    later = NotedPublisher()
    again = World(later)
    assert again.run(a_job(continuationToken=token)).ended is Ended.PUBLISHED
    assert later.trees == []
    assert later.confirmed == [(RELEASE, "I1")]
    assert again.fetched == []


def test_a_release_that_visitors_never_get_is_a_failure_in_the_end() -> None:
    token, runs = None, 0
    for _ in range(10):
        world = World(NotedPublisher(confirm=UNSEEN))
        report = world.run(a_job(continuationToken=token))
        runs += 1
        if report.ended is Ended.FAILED:
            break
        token = world.answers.told[0][2]
    assert (runs, report.ended) == (3, Ended.FAILED)
    assert world.answers.told == [("fail", JOB, str(UNSEEN))]


def test_a_publication_that_another_overtook_is_no_failure_and_is_not_waited_for() -> None:
    publisher = NotedPublisher(Published(site="oblique", release=RELEASE, number=7, superseded=True))
    world = World(publisher)
    assert world.run(a_job()).ended is Ended.SUPERSEDED
    assert world.answers.told[0][0] == "succeed"
    assert publisher.confirmed == []


def test_a_job_that_comes_twice_does_the_same_twice() -> None:
    world = World()
    assert world.run(a_job()) == world.run(a_job())
    assert world.answers.told[0] == world.answers.told[1]


def test_time_is_left_for_the_answer() -> None:
    publisher = NotedPublisher()
    World(publisher).run(a_job(), seconds=900)
    assert publisher.seconds == [810, 810]


@pytest.mark.parametrize("trouble", [{}, {"publish": SiteBroken("x")}, {"confirm": UNSEEN}])
def test_an_answer_that_cannot_be_given_is_raised_so_that_lambda_tries_again(
    trouble: dict[str, Exception],
) -> None:
    world = World(NotedPublisher(**trouble))
    world.answers.trouble = EdgeUnavailable("answering the job")
    with pytest.raises(EdgeUnavailable):
        world.run(a_job())


@given(st.builds(Waiting, st.text(max_size=30), st.integers(0, 99), st.none() | st.text(max_size=20)))
def test_what_one_run_tells_the_next_arrives(waiting: Waiting) -> None:
    job = a_job(continuationToken=continuation(waiting))
    assert job.order
    assert job.order.waiting == waiting


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(sorted(an_event("codepipeline_job")["CodePipeline.job"]["data"])), values)
def test_any_data_is_an_order_or_a_reason(key: str, value: Any) -> None:
    job = a_job(**{key: value})
    assert job.id == JOB
    assert (job.order is None) is bool(job.reason)
    assert msgspec.json.encode(job)
