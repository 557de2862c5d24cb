"""The composition root of `site`: settings in, use cases out. Nothing connects before it is used.

`session` None: what the environment says, as in a Lambda.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import msgspec

from everyday.clients import client, default_session, now
from everyday.errors import SettingsError
from everyday.settings import SiteSettings
from everyday.site.model import SiteRules

if TYPE_CHECKING:
    import boto3

    from everyday.adapters.codepipeline import CodePipeline, CodePipelineAnswers
    from everyday.adapters.site_bucket import S3Bucket
    from everyday.ports import Progress
    from everyday.site.messages import Artifact
    from everyday.site.pipeline_job import PipelineJobs
    from everyday.site.ports import Cdn, Pointer, Tree, Visitor
    from everyday.site.publishing import Publishing
    from everyday.site.pushing import Pusher

# CloudFront is run from here, whatever the region of the rest.
_EDGE_REGION = "us-east-1"


def publishing(
    settings: SiteSettings, session: "boto3.Session | None" = None, *, progress: "Progress | None" = None
) -> "Publishing":
    """The site's use cases. Raises SettingsError."""
    from random import random
    from secrets import token_hex
    from time import sleep

    from everyday.site.confirming import Patience
    from everyday.site.publishing import Publishing, World

    session = session or default_session()
    world = World(
        bucket=bucket(settings, session),
        pointer=pointer(settings, session),
        cdn=cdn(settings, session),
        visitor=visitor(settings),
        patience=Patience(now, sleep, random),
        new_id=lambda: token_hex(5),
    )
    return Publishing(settings.site, rules(settings), world, progress)


def pipeline_jobs(settings: SiteSettings, session: "boto3.Session | None" = None) -> "PipelineJobs":
    """Does what the site's pipeline asks for."""
    from everyday.site.pipeline_job import PipelineJobs

    session = session or default_session()
    return PipelineJobs(
        settings.site, answers(settings, session), artifact, lambda: publishing(settings, session)
    )


def rules(settings: SiteSettings) -> SiteRules:
    """The owner's rules. Raises SettingsError."""
    try:
        return msgspec.json.decode(settings.rules, type=SiteRules)
    except msgspec.DecodeError as error:
        raise SettingsError(f"RULES of the site {settings.site}: {error}") from error


def bucket(settings: SiteSettings, session: "boto3.Session | None" = None) -> "S3Bucket":
    """The site's bucket."""
    from everyday.adapters.site_bucket import THREADS, S3Bucket

    session = session or default_session()
    return S3Bucket(client(session, "s3", connections=THREADS), settings.bucket, session)


def pointer(settings: SiteSettings, session: "boto3.Session | None" = None) -> "Pointer":
    """The edge's key-value store."""
    from everyday.adapters.key_value_store import CloudFrontPointer, keep_address

    url = settings.key_value_store_url
    made: Any = _at_the_edge(session, "cloudfront-keyvaluestore", url)
    if url:
        keep_address(made, url)
    return CloudFrontPointer(made, settings.key_value_store)


def cdn(settings: SiteSettings, session: "boto3.Session | None" = None) -> "Cdn":
    """The distribution."""
    from everyday.adapters.cloudfront import CloudFrontCdn

    return CloudFrontCdn(_at_the_edge(session, "cloudfront", settings.cdn_url), settings.distribution)


def visitor(settings: SiteSettings) -> "Visitor":
    """Somebody who looks at the site."""
    from everyday.adapters.site_visitor import WebVisitor

    return WebVisitor(settings.site_url, settings.visit_url)


def answers(settings: SiteSettings, session: "boto3.Session | None" = None) -> "CodePipelineAnswers":
    """CodePipeline, as a job answers it."""
    from everyday.adapters.codepipeline import CodePipelineAnswers

    return CodePipelineAnswers(client(session, "codepipeline", url=settings.pipeline_url))


def pipeline(settings: SiteSettings, name: str, session: "boto3.Session | None" = None) -> "CodePipeline":
    """The site's pipeline, as somebody who pushed a zip follows it."""
    from everyday.adapters.codepipeline import CodePipeline

    return CodePipeline(client(session, "codepipeline", url=settings.pipeline_url), name)


def pusher(
    settings: SiteSettings, uploads: str, key: str, name: str, session: "boto3.Session | None" = None
) -> "Pusher":
    """Pushes zips to `key` of the bucket `uploads`, and follows the pipeline `name`."""
    from time import sleep

    from everyday.adapters.site_uploads import S3Uploads
    from everyday.site.pushing import Pusher

    bucket = S3Uploads(client(session, "s3"), uploads, key)
    return Pusher(settings.site, bucket, pipeline(settings, name, session), sleep)


def artifact(found: "Artifact") -> "AbstractContextManager[Tree]":
    """The files of a pipeline's artifact, read with the rights that came with it."""
    import boto3

    from everyday.adapters.site_artifact import unpacked

    keys = found.credentials
    session = boto3.Session(keys.access_key_id, keys.secret_access_key, keys.session_token)
    return unpacked(client(session, "s3"), found)


def _at_the_edge(session: "boto3.Session | None", service: str, url: str | None) -> Any:
    from everyday.adapters.aws import client_config

    make: Any = (session or default_session()).client  # typed for literal names only
    return make(service, region_name=_EDGE_REGION, endpoint_url=url, config=client_config())
