"""The composition root of `site`: settings in, use cases out. Nothing connects before it is used.

`session` None: what the environment says, as in a Lambda.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import msgspec

from everyday.clients import client, default_session
from everyday.errors import SettingsError
from everyday.settings import SiteSettings
from everyday.site.model import SiteRules

if TYPE_CHECKING:
    import boto3

    from everyday.adapters.codepipeline import CodePipeline, CodePipelineAnswers
    from everyday.adapters.site_bucket import S3Bucket
    from everyday.site.messages import Artifact
    from everyday.site.ports import Cdn, Pointer, Tree, Visitor

# CloudFront is run from here, whatever the region of the rest.
_EDGE_REGION = "us-east-1"


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
