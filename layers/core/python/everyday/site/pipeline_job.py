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

from everyday.errors import EverydayError, SiteUnconfirmed
from everyday.ports import TimeLeft
from everyday.site.messages import Artifact, Order, PipelineJob, Waiting, continuation
from everyday.site.ports import Tree

log = logging.getLogger(__name__)

# Enough to answer, with all the tries that an answer may take.
_MARGIN_SECONDS = 90.0
# Runs that look for a release. CloudFront's edges know within seconds; after half an hour something is wrong.
_MOST_RUNS = 3


class Ended(StrEnum):
    """How a run ended."""

    PUBLISHED = "published"
    WAITING = "waiting"
    FAILED = "failed"


class JobReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run told CodePipeline. `reason`: of a failure, for people."""

    job: str
    ended: Ended
    release: str = ""
    reason: str = ""


class Answers(Protocol):
    """CodePipeline. An answer to a job that has one is no error: it was delivered twice. Raises
    EdgeUnavailable."""

    def succeed(self, job_id: str, *, release: str, summary: str, variables: Mapping[str, str]) -> None: ...

    def carry_on(self, job_id: str, *, token: str) -> None:
        """Ask to be called again with this token."""
        ...

    def fail(self, job_id: str, *, reason: str) -> None: ...


class Publisher(Protocol):
    """The use cases of a site that a job needs."""

    def publish(self, tree: Tree, *, by: str) -> str:
        """Make the tree the live release, and return its id without waiting for the edge. The same tree again
        changes nothing. Raises SiteError, Unavailable, Conflict."""
        ...

    def confirm(self, release: str, *, seconds: float) -> None:
        """Wait until visitors get this release. Raises SiteUnconfirmed, ReleaseUnknown."""
        ...


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
        report = self._outcome(job, time_left)
        if report.ended is Ended.FAILED:
            self._answers.fail(job.id, reason=report.reason)
        elif report.ended is Ended.PUBLISHED:
            summary = f"{self._site}: release {report.release} is live"
            variables = {"Release": report.release}
            self._answers.succeed(job.id, release=report.release, summary=summary, variables=variables)
        else:
            token = continuation(Waiting(report.release, _runs(job) + 1))
            self._answers.carry_on(job.id, token=token)
        return report

    def _outcome(self, job: PipelineJob, time_left: TimeLeft) -> JobReport:
        try:
            return self._work(job, time_left)
        except EverydayError as error:
            log.warning("job failed", extra={"job": job.id, "reason": str(error)})
            return JobReport(job.id, Ended.FAILED, reason=str(error))
        except Exception as error:
            # Without an answer the pipeline would stand still.
            log.exception("job failed unexpectedly", extra={"job": job.id})
            reason = f"an unexpected fault: {type(error).__name__}. See the log of site_publish."
            return JobReport(job.id, Ended.FAILED, reason=reason)

    def _work(self, job: PipelineJob, time_left: TimeLeft) -> JobReport:
        refusal = self._refusal(job)
        if job.order is None or refusal:
            return JobReport(job.id, Ended.FAILED, reason=refusal)
        publisher = self._publisher()
        release = job.order.waiting.release if job.order.waiting else self._publish(publisher, job.order)
        try:
            publisher.confirm(release, seconds=max(0.0, time_left() - _MARGIN_SECONDS))
        except SiteUnconfirmed as error:
            if _runs(job) + 1 >= _MOST_RUNS:
                return JobReport(job.id, Ended.FAILED, release, str(error))
            return JobReport(job.id, Ended.WAITING, release)
        return JobReport(job.id, Ended.PUBLISHED, release)

    def _refusal(self, job: PipelineJob) -> str:
        if job.order is None:
            return job.reason
        if job.order.site != self._site:
            return f"the action is for the site {job.order.site}, and this function publishes {self._site}"
        return ""

    def _publish(self, publisher: Publisher, order: Order) -> str:
        with self._fetch(order.artifact) as tree:
            return publisher.publish(tree, by="pipeline")


def _runs(job: PipelineJob) -> int:
    """How many runs of this job looked for the release before this one."""
    return job.order.waiting.runs if job.order and job.order.waiting else 0
