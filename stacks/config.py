"""The owner's settings, `everyday.toml`: one table per capability, typed; what is not allowed is refused.

To add a capability: one class here, one line in `Config` and one in `tables`. The file that `everyday init`
writes, the table in `docs/configuration.md` and the errors all come from these classes.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from everyday.errors import SettingsError
from stacks.cloudtop_table import Cloudtop
from stacks.complaints import complaint
from stacks.site_table import Sites
from stacks.table import (
    INTERVALS,
    BlogUrl,
    Clusters,
    Email,
    Every,
    Families,
    InstanceTypes,
    Policies,
    Region,
    Roles,
    Table,
    Tags,
    Weights,
    setting,
)

EXAMPLE_BLOG = "https://blog.example.com"

_BUDGET_USD = 5
_JOBS_USD = 20
_CLOUDTOP_USD = 25


class Everyday(Table):
    """What all capabilities share."""

    region: Region = setting(
        "us-east-1",
        "Where everything lives. Choose before the first deploy.",
        allowed="an AWS region, such as eu-central-1",
    )
    alarm_email: Email | None = setting(
        None, "Who is told when something fails.", allowed="an e-mail address", example="you@example.com"
    )
    monthly_budget_usd: int | None = setting(
        None,
        "Alarm when the month's AWS bill passes 80 % of it, or is going to pass it. Unset: 5 dollars, "
        "20 more with jobs, 25 more with cloudtop.",
        ge=1,
        le=10_000,
        example=40,
    )


class Photos(Table):
    """Instagram to an S3 archive and to the blog."""

    enabled: bool = setting(True, "Whether this capability is deployed.", allowed="true, false")
    api: bool = setting(
        True,
        "Ask Instagram's API, with a token. Off for a personal account, which has data exports only.",
        allowed="true, false",
    )
    blog_url: BlogUrl = setting(
        EXAMPLE_BLOG, "The Ghost blog to post on.", allowed="an https:// address without query or fragment"
    )
    status: Literal["draft", "published"] = setting(
        "draft", "A new post waits for your eyes, or is public at once.", allowed='"draft", "published"'
    )
    tags: Tags = setting(
        (),
        "Tags that every post gets besides the caption's hashtags.",
        allowed="a list of texts of 1 to 191 characters without commas",
    )
    author: Email | None = setting(
        None,
        "Author of the posts: the e-mail address of a Ghost user. Unset: the blog's owner.",
        allowed="an e-mail address",
        example="you@example.com",
    )
    post_since: date | None = setting(
        None,
        "Older posts are backed up and never posted (from midnight UTC).",
        allowed="a date without quotes, such as 2020-01-01",
        example=date(2020, 1, 1),
    )
    feature_image: bool = setting(
        True,
        "The first picture is the feature image. Off, if your theme does not show that above the post.",
        allowed="true, false",
    )
    backup_every: Every = setting("6 hours", "How often Instagram is asked for new posts.", allowed=INTERVALS)
    sweep_every: Every = setting(
        "1 hour", "How often posts that could not be made yet are tried again.", allowed=INTERVALS
    )
    walk_days: int = setting(
        7, "Days between complete walks, which find edits and deletions of older posts.", ge=1, le=90
    )
    max_file_mb: int = setting(4000, "A larger picture or video is refused (megabytes).", ge=1, le=5000)
    max_video_mb: int = setting(
        200, "A larger video is archived and not uploaded to the blog (megabytes).", ge=1, le=2000
    )
    concurrency: int = setting(16, "Downloads at the same time.", ge=1, le=64)


class Jobs(Table):
    """Container jobs on ECS in priority order. Costs about 11 dollars a month at rest."""

    enabled: bool = setting(
        False,
        "Whether this capability is deployed. Local mode runs it in any case: there it costs nothing.",
        allowed="true, false",
    )
    clusters: Clusters = setting(
        (),
        "Existing ECS clusters to run jobs on. None: a cluster of its own, empty until a job needs it.",
        allowed="a list of up to 5 names of clusters of this region",
    )
    instance_types: InstanceTypes = setting(
        ("c6g.large", "c7g.large", "c6gd.large", "c7gd.large"),
        "Instances of the own cluster. Many types of about one size make spot capacity easier to get.",
        allowed="a list of up to 20 instance types, all with Graviton processors or all without",
    )
    spot: bool = setting(
        True,
        "Spot instances: much cheaper, and AWS may take one back; its jobs start again elsewhere.",
        allowed="true, false",
    )
    max_instances: int = setting(4, "The own cluster never grows beyond this.", ge=1, le=1000)
    families: Families = setting(
        ("everyday-*",),
        "Families of task definitions that jobs may use.",
        allowed="a list of names; a * at the end stands for any rest",
    )
    task_roles: Roles = setting(
        (),
        "Roles that your task definitions name, besides the two that the stack makes.",
        allowed="a list of names of IAM roles of this account",
    )
    class_step: Every = setting(
        "6 hours",
        "How long a job must wait to go before a fresh job of the next higher class.",
        allowed=INTERVALS,
    )
    policies: Policies = setting(
        ("reserve", "reserve", "reserve"),
        "What happens when a job of class high, normal, low does not fit: nothing behind it starts, "
        "an instance is reserved for it, or whatever fits starts.",
        allowed='three of "strict", "reserve", "greedy"',
    )
    queues: Weights = setting(
        {"default": 1},
        "Weights of the queues: one of weight 2 is due twice the room. A queue not named here has weight 1.",
        allowed="names with whole numbers from 1 to 1000",
    )
    fairness: Every = setting(
        "1 hour",
        "How much later in the order a job may stand and still go first, if its queue has too little.",
        allowed=INTERVALS,
    )
    starve_after: Every = setting(
        "1 hour",
        "A job that does not fit and waited so long gets an instance emptied for it.",
        allowed=INTERVALS,
    )
    keep_days: int = setting(
        30,
        "Days that ended jobs are remembered: as long as a message may come a second time, and longer than "
        "jobs wait for others to end.",
        ge=14,
        le=365,
    )


class Config(Table):
    """The whole file."""

    everyday: Everyday = Everyday()
    photos: Photos = Photos()
    jobs: Jobs = Jobs()
    cloudtop: Cloudtop = Cloudtop()
    site: Sites = Field(default={})

    @property
    def budget_usd(self) -> int:
        """The owner's monthly budget; else one that what is deployed keeps to at rest, with room for use."""
        more = _JOBS_USD * self.jobs.enabled + _CLOUDTOP_USD * self.cloudtop.enabled
        return self.everyday.monthly_budget_usd or _BUDGET_USD + more


def load(path: Path) -> Config:
    """Read the settings. Raises SettingsError that names the key, what was given and what is allowed."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path} is missing; write one with: .venv/bin/everyday init") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    return parse(document, name=path.name)


def parse(document: dict[str, Any], *, name: str = "everyday.toml") -> Config:
    """Check the settings. Raises SettingsError with one line for each key that is wrong."""
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        lines = dict.fromkeys(complaint(detail, tables()) for detail in error.errors())
        raise SettingsError("\n".join(f"{name}: {line}" for line in lines)) from error


def tables() -> dict[str, type[Table]]:
    """Every table that the file has once, by its name. Sites have a table each."""
    return {"everyday": Everyday, "photos": Photos, "jobs": Jobs, "cloudtop": Cloudtop}
