"""One job of CodePipeline: publish what is in its zip, see that visitors get it, and answer.

CodePipeline waits for an answer, for an hour and more if none comes, so every end of a run is one: also a
fault that nobody thought of. A job may be delivered twice. The second run finds the same files published and
changes nothing, and its answer is not wanted any more.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec.structs import replace

from everyday.errors import EverydayError, InvalidMessageError, SiteUnconfirmed
from everyday.ports import TimeLeft, forever
from everyday.site.messages import Artifact, Order, PipelineJob, Waiting, continuation
from everyday.site.ports import Tree
from everyday.site.reports import Published

log = logging.getLogger(__name__)

# Enough to answer, with all the tries that an answer may take.
_MARGIN_SECONDS = 90.0
# Runs that look for a release. CloudFront's edges know within seconds; after half an hour something is wrong.
_MOST_RUNS = 3
_BY = "pipeline"


class Ended(StrEnum):
    """How a run ended."""

    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WAITING = "waiting"
    FAILED = "failed"


_SAID = {
    Ended.PUBLISHED: "is live",
    Ended.SUPERSEDED: "is stored; another one was published meanwhile and is live",
}


class JobReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run told CodePipeline. `reason`: of a failure, for people. `waiting`: for the next run."""

    job: str
    ended: Ended
    release: str = ""
    reason: str = ""
    waiting: Waiting | None = None


class Answers(Protocol):
    """CodePipeline. An answer to a job that has one is no error: it was delivered twice. Raises
    EdgeUnavailable."""

    def succeed(self, job_id: str, *, release: str, summary: str, variables: Mapping[str, str]) -> None: ...

    def carry_on(self, job_id: str, *, token: str) -> None:
        """Ask to be called again with this token."""
        ...

    def fail(self, job_id: str, *, reason: str) -> None: ...


class Publisher(Protocol):
    """The use cases of a site that a job needs; see `publishing`, where they are explained."""

    def publish(
        self, tree: Tree, *, by: str, wait: bool = True, time_left: TimeLeft = forever
    ) -> Published: ...

    def confirm(
        self, release_id: str, *, invalidation: str | None = None, time_left: TimeLeft = forever
    ) -> None: ...


class PipelineJobs:
    """Does the jobs of one site. `fetch` unpacks an artifact for as long as it is looked at; it raises
    SiteRefused and BucketUnavailable. `publisher` is asked for when a job needs one, so that a fault in
    making it is answered too."""

    def __init__(
        self,
        site: str,
        answers: Answers,
        fetch: Callable[[Artifact], AbstractContextManager[Tree]],
        publisher: Callable[[], Publisher],
    ) -> None:
        self._site, self._answers, self._fetch, self._publisher = site, answers, fetch, publisher

    def run(self, job: PipelineJob, time_left: TimeLeft) -> JobReport:
        """Do one job and answer it. Raises only when CodePipeline cannot be told, to be tried again."""
        report = self._outcome(job, lambda: time_left() - _MARGIN_SECONDS)
        if report.ended is Ended.FAILED:
            self._answers.fail(job.id, reason=report.reason)
        elif report.waiting:
            self._answers.carry_on(job.id, token=continuation(report.waiting))
        else:
            summary = f"{self._site}: release {report.release} {_SAID[report.ended]}"
            variables = {"Release": report.release}
            self._answers.succeed(job.id, release=report.release, summary=summary, variables=variables)
        return report

    def _outcome(self, job: PipelineJob, time_left: TimeLeft) -> JobReport:
        try:
            return self._work(job.id, self._accepted(job), time_left)
        except EverydayError as error:
            log.warning("job failed", extra={"job": job.id, "reason": str(error)})
            return JobReport(job.id, Ended.FAILED, reason=str(error))
        except Exception as error:
            # Without an answer the pipeline would stand still.
            log.exception("job failed unexpectedly", extra={"job": job.id})
            reason = f"an unexpected fault: {type(error).__name__}. See the log of site_publish."
            return JobReport(job.id, Ended.FAILED, reason=reason)

    def _accepted(self, job: PipelineJob) -> Order:
        """Raises InvalidMessageError for a job that cannot be done."""
        if job.order is None:
            raise InvalidMessageError(job.reason)
        if job.order.site != self._site:
            raise InvalidMessageError(
                f"the action is for the site {job.order.site}, and this function publishes {self._site}"
            )
        return job.order

    def _work(self, job_id: str, order: Order, time_left: TimeLeft) -> JobReport:
        publisher, waiting = self._publisher(), order.waiting
        if waiting is None:
            published = self._publish(publisher, order, time_left)
            if published.superseded:
                return JobReport(job_id, Ended.SUPERSEDED, published.release)
            waiting = Waiting(published.release, 0, published.invalidation)
        return self._confirm(publisher, job_id, waiting, time_left)

    def _publish(self, publisher: Publisher, order: Order, time_left: TimeLeft) -> Published:
        with self._fetch(order.artifact) as tree:
            return publisher.publish(tree, by=_BY, wait=False, time_left=time_left)

    def _confirm(self, publisher: Publisher, job_id: str, waiting: Waiting, time_left: TimeLeft) -> JobReport:
        release = waiting.release
        try:
            publisher.confirm(release, invalidation=waiting.invalidation, time_left=time_left)
        except SiteUnconfirmed:
            if waiting.runs + 1 >= _MOST_RUNS:
                raise
            later = replace(waiting, runs=waiting.runs + 1)
            return JobReport(job_id, Ended.WAITING, release, waiting=later)
        return JobReport(job_id, Ended.PUBLISHED, release)
