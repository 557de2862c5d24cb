"""CodePipeline -> a published site. One job of the pipeline's last step."""

import os
from functools import cache
from typing import Any

from everyday import site_wiring
from everyday.lambdas import Context, tell, time_left
from everyday.settings import SiteSettings
from everyday.site.messages import parse_job
from everyday.site.pipeline_job import PipelineJobs


@cache
def _jobs() -> PipelineJobs:
    return site_wiring.pipeline_jobs(SiteSettings.from_env(os.environ))


def handle(event: dict[str, Any], context: Context, *, jobs: PipelineJobs | None = None) -> Any:
    """How the job ended, which CodePipeline was told too. Raised is only what could not be told."""
    return tell("pipeline job ended", (jobs or _jobs()).run(parse_job(event), time_left(context)))
