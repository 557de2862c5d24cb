"""site: static sites, each published by pushing a zip."""

from collections.abc import Mapping

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_codebuild as codebuild
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_sns as sns
import msgspec
from aws_cdk import CfnResource, Duration, Environment, RemovalPolicy, Size, Stack
from constructs import Construct

from everyday.settings import SiteSettings
from stacks import site_access as access
from stacks.acknowledgements import acknowledge
from stacks.assets import Layers
from stacks.constructs.artifacts import Artifacts
from stacks.constructs.edge_policies import EdgePolicies
from stacks.constructs.publish_pipeline import PIPELINE, PublishPipeline
from stacks.constructs.site_build import SiteBuild
from stacks.constructs.static_site import StaticSite
from stacks.constructs.thin_function import ThinFunction
from stacks.constructs.watch import Watch
from stacks.outputs import publish
from stacks.site_events import SiteEvents
from stacks.site_names import SiteNames
from stacks.site_outputs import output_name
from stacks.site_rules import rules_json
from stacks.site_table import Site
from stacks.stage import Stage

# What decision 0013 measured: two processors, and room for a zip of 2 GB beside what is in it.
_MEMORY_MIB = 3008
_SCRATCH = Size.gibibytes(5)
_TIMEOUT = Duration.minutes(15)


class SiteStack(Stack):
    """All sites; the bucket that zips are pushed to and the one between the pipelines' steps are theirs
    together. `certificates`: of the sites that have names of their own."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        sites: Mapping[str, Site],
        certificates: Mapping[str, acm.ICertificate],
        alarms: sns.ITopic,
    ) -> None:
        super().__init__(
            scope, construct_id, env=Environment(region=stage.region), cross_region_references=True
        )
        self._stage, self._certificates = stage, certificates
        self._removal = RemovalPolicy.RETAIN if stage.keeps else RemovalPolicy.DESTROY
        self._layers = Layers(self, "Layers", stage=stage).with_site()
        self._policies = EdgePolicies(self, "Edge")
        self._uploads = self._upload_bucket()
        self._artifacts = Artifacts(self, "Artifacts", removal=self._removal).bucket
        self._watch = Watch(self, "Alarms", topic=alarms)
        self._addresses: dict[str, str] = {}
        pipelines = [self._site(name, site) for name, site in sites.items()]
        SiteEvents(self, "Events", pipelines=pipelines, uploads=self._uploads, alarms=alarms)
        publish(self, **self._addresses)

    def _upload_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Uploads",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=[
                s3.LifecycleRule(id="OldZips", noncurrent_version_expiration=Duration.days(30)),
                s3.LifecycleRule(
                    id="BrokenUploads", abort_incomplete_multipart_upload_after=Duration.days(1)
                ),
            ],
            removal_policy=self._removal,
        )
        # The CDK's own switch for this brings a function of its own along.
        resource = bucket.node.default_child
        assert isinstance(resource, CfnResource)  # noqa: S101 - narrows jsii's type
        event_bridge = "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled"
        resource.add_property_override(event_bridge, value=True)
        acknowledge(
            bucket,
            "AwsSolutions::AwsSolutions-S1",
            because="The owner writes to it and the pipelines, which keep records, read it.",
        )
        return bucket

    def _site(self, name: str, site: Site) -> PublishPipeline:
        scope = Construct(self, f"Site-{name}")
        shown = self._shown(scope, name, site)
        settings = self._settings(name, site, shown)
        worker = self._publisher(scope, settings)
        access.let_publish(worker, shown)
        access.let_answer(worker)
        self._watch.errors(f"SitePublish-{name}", worker.function)
        pipeline = PublishPipeline(
            scope,
            "Pipeline",
            site=name,
            known=self._stage.knows(PIPELINE),
            uploads=self._uploads,
            artifacts=self._artifacts,
            publisher=worker.function,
            build=self._build(scope, site),
        )
        self._output(name, settings, worker, pipeline)
        return pipeline

    def _shown(self, scope: Construct, name: str, site: Site) -> StaticSite:
        local = self._stage.edge_url is not None
        certificate = self._certificates.get(name)
        shown = StaticSite(
            scope,
            name,
            keeps=self._stage.keeps,
            policies=self._policies,
            content_security_policy=site.content_security_policy,
            price_class=site.price_class,
            names=(f"{name}.localhost",) if local else site.names,
            certificate=certificate,
        )
        if certificate and site.hosted_zone:
            SiteNames(
                scope,
                "Names",
                names=site.names,
                hosted_zone=site.hosted_zone,
                distribution=shown.distribution,
            )
        return shown

    def _settings(self, name: str, site: Site, shown: StaticSite) -> SiteSettings:
        return SiteSettings(
            site=name,
            bucket=shown.bucket.bucket_name,
            key_value_store=shown.store.key_value_store_arn,
            distribution=shown.distribution.distribution_id,
            site_url=self._address(name, site, shown),
            rules=rules_json(name, site),
            visit_url=self._stage.edge_url,
            key_value_store_url=self._stage.edge_url,
            pipeline_url=self._stage.pipeline_url,
        )

    def _address(self, name: str, site: Site, shown: StaticSite) -> str:
        if self._stage.edge_url:
            return self._stage.edge_url.replace("127.0.0.1", f"{name}.localhost")
        return f"https://{site.domain or shown.distribution.distribution_domain_name}"

    def _publisher(self, scope: Construct, settings: SiteSettings) -> ThinFunction:
        worker = ThinFunction(
            scope,
            "SitePublish",
            name="site_publish",
            settings=settings,
            layers=self._layers,
            timeout=_TIMEOUT,
            memory_mib=_MEMORY_MIB,
            tmp=_SCRATCH,
        )
        # A run that was cut off answers nobody; once more is harmless, and its job may still be waiting.
        worker.function.configure_async_invoke(retry_attempts=1, max_event_age=Duration.hours(1))
        return worker

    def _build(self, scope: Construct, site: Site) -> codebuild.IProject | None:
        if site.build is None:
            return None
        return SiteBuild(
            scope,
            "Build",
            command=site.build,
            folder=site.build_folder,
            image=site.build_image,
            artifacts=self._artifacts,
        ).project

    def _output(
        self, name: str, settings: SiteSettings, worker: ThinFunction, pipeline: PublishPipeline
    ) -> None:
        told = {key: value for key, value in msgspec.structs.asdict(settings).items() if value is not None}
        value = {
            "settings": told,
            "function": worker.function.function_name,
            "pipeline": pipeline.name,
            "uploads": self._uploads.bucket_name,
            "upload_key": pipeline.key,
        }
        self._addresses[output_name(name)] = self.to_json_string(value)
