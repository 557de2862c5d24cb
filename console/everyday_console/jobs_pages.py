"""The pages of `jobs`: the queue with the instances, and one job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from everyday.errors import JobUnknown
from everyday.jobs.desk import Desk
from everyday.jobs.ports import Ledger
from everyday_console.jobs import lanes
from everyday_console.pages import Pages

WORD = "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What the pages read. `now` is the clock in milliseconds; the first of `clusters` is shown first."""

    ledger: Ledger
    desk: Desk
    clusters: Sequence[str]
    now: Callable[[], int]


@dataclass(frozen=True, slots=True)
class JobsPages:
    """Reads the ledger."""

    pages: Pages
    jobs: Jobs

    def routes(self) -> list[Route]:
        return [Route("/jobs", self.queue), Route("/jobs/{job_id:path}", self.job)]

    def queue(self, request: Request) -> Response:
        """One cluster: how much of each class is done, the instances, what runs, waits and has ended."""
        clusters = self.jobs.clusters
        cluster = request.query_params.get("cluster") or clusters[0]
        if cluster not in clusters:
            return self.pages.missing(f"There is no cluster {cluster}.", word=WORD)
        found = lanes(self.jobs.ledger, cluster, now=self.jobs.now())
        return self.pages.page(
            "jobs.html", word=WORD, refreshes=True, cluster=cluster, clusters=clusters, lanes=found
        )

    def job(self, request: Request) -> Response:
        """Everything about one job."""
        try:
            sight = self.jobs.desk.show(request.path_params["job_id"])
        except JobUnknown as error:
            return self.pages.missing(str(error), word=WORD)
        return self.pages.page("job.html", word=WORD, refreshes=True, sight=sight, now=self.jobs.now())
