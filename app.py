#!/usr/bin/env python3
"""CDK entry point: everyday.toml becomes the stacks of one stage, `-c stage=aws` (default) or `local`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from everyday.errors import SettingsError
from stacks.alarms_stack import AlarmsStack
from stacks.cloudtop_data_stack import CloudtopDataStack
from stacks.cloudtop_stack import CloudtopStack
from stacks.config import EXAMPLE_BLOG, Config, load
from stacks.data_stack import DataStack
from stacks.jobs_data_stack import JobsDataStack
from stacks.jobs_stack import JobsStack
from stacks.photos_stack import PhotosStack
from stacks.site_names_stack import SiteNamesStack
from stacks.site_stack import SiteStack
from stacks.site_table import EXAMPLES
from stacks.stage import Stage, stage_of

_SETTINGS = Path(__file__).parent / "everyday.toml"


def build_app(
    config: Config,
    context: Mapping[str, Any] | None = None,
    outdir: str | None = None,
    *,
    judge: bool = True,
) -> cdk.App:
    """The app of one stage, not yet synthesised. Raises SettingsError.

    `context` stands in for the command line's `-c`. `judge`: synthesis fails on what CloudFormation's rules
    find and, in the `aws` stage, on what cdk-nag finds; it takes most of the time.
    """
    app = cdk.App(
        context=context, outdir=outdir, analytics_reporting=False, builtin_cloud_formation_validation=judge
    )
    stage = stage_of(config, app.node.try_get_context)
    alarms = AlarmsStack(app, "EverydayAlarms", stage=stage, config=config)
    if config.photos.enabled:
        _photos(app, stage, config, alarms)
    if config.jobs.enabled or stage.free:
        _jobs(app, stage, config, alarms)
    if config.site or stage.free:
        _site(app, stage, config, alarms)
    if config.cloudtop.enabled and not stage.free:
        _cloudtop(app, stage, config, alarms)
    if judge and stage.name == "aws":
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def _photos(app: cdk.App, stage: Stage, config: Config, alarms: AlarmsStack) -> None:
    data = DataStack(app, "EverydayData", stage=stage)
    photos = PhotosStack(
        app, "EverydayPhotos", stage=stage, photos=config.photos, data=data, alarms=alarms.topic
    )
    if stage.ghost_url == EXAMPLE_BLOG:
        text = "photos.blog_url is still the example; write your own with: .venv/bin/everyday init"
        cdk.Annotations.of(photos).add_warning_v2("everyday:blog-url", text)


def _jobs(app: cdk.App, stage: Stage, config: Config, alarms: AlarmsStack) -> None:
    data = JobsDataStack(app, "EverydayJobsData", stage=stage)
    JobsStack(app, "EverydayJobs", stage=stage, jobs=config.jobs, ledger=data.ledger, alarms=alarms.topic)


def _site(app: cdk.App, stage: Stage, config: Config, alarms: AlarmsStack) -> None:
    sites = {**EXAMPLES, **config.site} if stage.free else config.site
    named = not stage.free and any(site.domain for site in sites.values())
    names = SiteNamesStack(app, "EverydaySiteNames", sites=sites) if named else None
    certificates = names.certificates if names else {}
    SiteStack(app, "EverydaySite", stage=stage, sites=sites, certificates=certificates, alarms=alarms.topic)


def _cloudtop(app: cdk.App, stage: Stage, config: Config, alarms: AlarmsStack) -> None:
    try:
        zones = config.cloudtop.zones_in(config.everyday.region)
        data = CloudtopDataStack(
            app, "EverydayCloudtopData", stage=stage, zone=zones[0], volume_gib=config.cloudtop.volume_gib
        )
        CloudtopStack(
            app,
            "EverydayCloudtop",
            stage=stage,
            cloudtop=config.cloudtop,
            zones=zones,
            data=data,
            alarms=alarms.topic,
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error


if __name__ == "__main__":
    try:
        build_app(load(_SETTINGS)).synth()
    except SettingsError as error:
        sys.exit(f"everyday: {error}")
