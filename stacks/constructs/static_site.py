"""A private bucket, and the distribution that shows it to the world."""

from collections.abc import Sequence

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_cloudfront_origins as origins
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3
from aws_cdk import CfnResource, Duration, RemovalPolicy
from constructs import Construct

from everyday.site.names import ASSETS, PAGES
from stacks.acknowledgements import acknowledge
from stacks.constructs.edge_policies import EdgePolicies
from stacks.edge_functions import VIEWER_REQUEST, VIEWER_RESPONSE, edge_function

_PRICES = {
    "100": cloudfront.PriceClass.PRICE_CLASS_100,
    "200": cloudfront.PriceClass.PRICE_CLASS_200,
    "all": cloudfront.PriceClass.PRICE_CLASS_ALL,
}
_MISSING = (403, 404)
_MISSING_SECONDS = 10


class StaticSite(Construct):
    """One site. `store` is what the edge's functions read; `names` are its own, with their certificate.

    `keeps`: the bucket outlives its stack.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        keeps: bool,
        policies: EdgePolicies,
        content_security_policy: str | None,
        price_class: str,
        names: Sequence[str],
        certificate: acm.ICertificate | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = self._bucket(RemovalPolicy.RETAIN if keeps else RemovalPolicy.DESTROY)
        self.store = cloudfront.KeyValueStore(self, "Store", comment="What the site's edge shows")
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=construct_id,
            default_behavior=self._behaviour(policies, content_security_policy),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            enable_ipv6=True,
            price_class=_PRICES[price_class],
            error_responses=[_briefly(status) for status in _MISSING],
            domain_names=list(names) if certificate else None,
            certificate=certificate,
        )
        if names and not certificate:
            self._answer_to(names)
        self._let_in()
        self._acknowledge(with_certificate=certificate is not None)

    def _bucket(self, removal: RemovalPolicy) -> s3.Bucket:
        return s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=[
                s3.LifecycleRule(id="OldVersions", noncurrent_version_expiration=Duration.days(7)),
                s3.LifecycleRule(
                    id="BrokenUploads", abort_incomplete_multipart_upload_after=Duration.days(1)
                ),
            ],
            removal_policy=removal,
        )

    def _behaviour(self, policies: EdgePolicies, csp: str | None) -> cloudfront.BehaviorOptions:
        control = cloudfront.S3OriginAccessControl(self, "Access")
        origin = origins.S3BucketOrigin.with_bucket_defaults(
            self.bucket, origin_access_control_id=control.origin_access_control_id
        )
        events = cloudfront.FunctionEventType
        return cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            compress=True,
            cache_policy=policies.cache,
            response_headers_policy=policies.headers(self.node.id, csp),
            function_associations=[
                self._function("Request", VIEWER_REQUEST, events.VIEWER_REQUEST),
                self._function("Response", VIEWER_RESPONSE, events.VIEWER_RESPONSE),
            ],
        )

    def _function(
        self, construct_id: str, name: str, event: cloudfront.FunctionEventType
    ) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            construct_id,
            code=cloudfront.FunctionCode.from_inline(edge_function(name)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            key_value_store=self.store,
        )
        return cloudfront.FunctionAssociation(function=function, event_type=event)

    def _answer_to(self, names: Sequence[str]) -> None:
        """Names without a certificate: local mode's, which no browser asks one of."""
        distribution = self.distribution.node.default_child
        assert isinstance(distribution, CfnResource)  # noqa: S101 - narrows jsii's type
        distribution.add_property_override("DistributionConfig.Aliases", list(names))

    def _let_in(self) -> None:
        """Let this distribution read what is to be seen, and nobody anything else."""
        objects = [self.bucket.arn_for_objects(f"{prefix}*") for prefix in (ASSETS, PAGES)]
        # Who may not list is told 403 where nothing is, instead of 404.
        for action, resources in (("s3:GetObject", objects), ("s3:ListBucket", [self.bucket.bucket_arn])):
            self.bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=[action],
                    resources=resources,
                    principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                    conditions={"StringEquals": {"aws:SourceArn": self.distribution.distribution_arn}},
                )
            )

    def _acknowledge(self, *, with_certificate: bool) -> None:
        acknowledge(
            self.bucket,
            "AwsSolutions::AwsSolutions-S1",
            because="One distribution and one function read it; a log would be a second bucket to guard.",
        )
        reasons = {
            "CFR1": "A personal site is for readers in every country.",
            "CFR2": "A firewall costs more a month than all the rest; there is nothing but files behind it.",
            "CFR3": "Visitors are not recorded; CloudWatch has the distribution's figures.",
        }
        if not with_certificate:
            reasons["CFR4"] = "CloudFront's own name has its own certificate; TLS 1.2 comes with a domain."
        for rule, reason in reasons.items():
            acknowledge(self.distribution, f"AwsSolutions::AwsSolutions-{rule}", because=reason)


def _briefly(status: int) -> cloudfront.ErrorResponse:
    """What is not there now may be there soon."""
    return cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(_MISSING_SECONDS))
